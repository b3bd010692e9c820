import { RECG_FLAGS } from '../cli/commands/shared-flags.ts'
import { refuseSetting } from '../errors.ts'
import { ABLATIONS } from '../systems/recg/settings.ts'

/** The setting that a flag stands for, where it has another name. */
const SETTING: Readonly<Record<string, string>> = { aux: 'auxiliary', tau: 'genTau' }
const NUMBERS = ['alpha', 'patterns', 'tau']

/** Settings from those flags: an ablation's values, and what was given by name. Throws `config_invalid`. */
export function recgOverrides (flags: Readonly<Record<string, string | boolean | undefined>>): Record<string, unknown> {
  const overrides: Record<string, unknown> = {}
  for (const [flag, values] of Object.entries(ABLATIONS)) if (flags[flag] === true) Object.assign(overrides, values)
  for (const [flag, { type }] of Object.entries(RECG_FLAGS)) {
    const value = flags[flag]
    if (type !== 'string' || typeof value !== 'string') continue
    overrides[SETTING[flag] ?? flag] = NUMBERS.includes(flag) ? numeral(flag, value) : value
  }
  return overrides
}

function numeral (flag: string, text: string): number {
  return /^\d+(\.\d+)?(e-?\d+)?$/.test(text) ? Number(text) : refuseSetting(flag, 'is a number')
}
