import { refuseSetting } from '../errors.ts'
import { EVALUATION_MODES } from '../evaluate/evaluate.ts'
import type { EvaluationMode } from '../evaluate/evaluate.ts'

export interface EvaluateSettings {
  /** Beside the full ranking, which is always there. */
  readonly modes: readonly EvaluationMode[]
  /** Of the interval of the headline; ranks have no chance in them. */
  readonly seed: number
}

export const DEFAULT_EVALUATE: EvaluateSettings = { modes: ['full', 'sampled-100'], seed: 42 }

/**
 * Settings from what flags (texts) or a config file (JSON values) give. `modes` is `full,sampled-100,official` or a
 * list. Throws `config_invalid` with the field.
 */
export function evaluateSettings (given: Readonly<Record<string, unknown>>): EvaluateSettings {
  const { modes = DEFAULT_EVALUATE.modes, seed = DEFAULT_EVALUATE.seed, ...unknown } = given
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) refuseSetting(stray, 'is not a setting of evaluate')
  const names: readonly unknown[] = typeof modes === 'string' ? modes.split(',') : Array.isArray(modes) ? modes : []
  const known = EVALUATION_MODES.filter((mode) => names.includes(mode))
  if (known.length === 0 || names.some((name) => !known.some((mode) => mode === name))) {
    refuseSetting('modes', `is a list of ${EVALUATION_MODES.join(', ')}`)
  }
  if (typeof seed !== 'number' || !Number.isSafeInteger(seed) || seed < 0) refuseSetting('seed', 'is a whole number from 0')
  return { modes: known, seed }
}
