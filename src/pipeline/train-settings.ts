import { refuseSetting } from '../errors.ts'
import { BACKENDS } from '../nn/tf.ts'
import type { Backend } from '../nn/tf.ts'

/** What a user asks of training; `resolveSettings` fills in and checks the rest once the embeddings are known. */
export interface TrainSettings {
  readonly system: string
  readonly preset: string
  /** Values that differ from the preset's, by the name of the setting. */
  readonly overrides: Readonly<Record<string, unknown>>
}

const WHOLE = ['seed', 'epochs']

/**
 * Settings from flags (texts) and a config file's value; a flag wins. The file may hold `system`, `preset` and any
 * setting of `src/systems/settings.ts`. Throws `config_invalid` with the field.
 */
export function trainSettings (
  flags: Readonly<Record<string, string | undefined>>, config: unknown = {}
): TrainSettings {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) refuseSetting('config', 'is a JSON object')
  const set = Object.entries(flags).filter((flag): flag is [string, string] => flag[1] !== undefined)
  const given: Record<string, unknown> = {
    ...config,
    ...Object.fromEntries(set.map(([name, value]) => [name, WHOLE.includes(name) ? whole(name, value) : value])),
  }
  const { system = 'llm4cdsr', preset = 'product', ...overrides } = given
  return { system: text('system', system), preset: text('preset', preset), overrides }
}

/** A backend by its name. Throws `config_invalid`. */
export function backendChoice (name: string): 'auto' | Backend {
  return (['auto', ...BACKENDS] as const).find((backend) => backend === name) ??
    refuseSetting('backend', `is one of auto, ${BACKENDS.join(', ')}`)
}

function whole (field: string, value: string): number {
  return /^\d{1,15}$/.test(value) ? Number(value) : refuseSetting(field, 'is a whole number')
}

function text (field: string, value: unknown): string {
  return typeof value === 'string' ? value : refuseSetting(field, 'is a text')
}
