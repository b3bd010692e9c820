import { refuseSetting } from '../errors.ts'
import { ABLATIONS } from '../systems/ablations.ts'

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Settings from those flags. Throws `config_invalid`, also where a flag sets what another leaves out. */
export function cdsrOverrides (flags: Flags): Record<string, unknown> {
  const overrides: Record<string, unknown> = {}
  for (const [part, values] of Object.entries(ABLATIONS)) {
    if (flags[`no-${part}`] !== true) continue
    if ((flags.system ?? 'llm4cdsr') !== 'llm4cdsr') refuseSetting(`no-${part}`, 'is of llm4cdsr alone')
    const set = Object.keys(values).find((name) => flags[name] !== undefined)
    if (set !== undefined) refuseSetting(set, `is what --no-${part} decides`)
    Object.assign(overrides, values)
  }
  if (typeof flags.beta === 'string') {
    const beta = flags.beta.trim() === '' ? Number.NaN : Number(flags.beta)
    overrides.beta = Number.isFinite(beta) ? beta : refuseSetting('beta', 'is a number')
  }
  return overrides
}
