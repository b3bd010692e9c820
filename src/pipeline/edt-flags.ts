import { EDT_FLAGS } from '../cli/commands/shared-flags.ts'
import { wholeNumber } from '../config/step-flags.ts'
import { refuseSetting } from '../errors.ts'
import { ABLATIONS } from '../systems/edt/settings.ts'

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Settings from those flags. Throws `config_invalid`, also where a flag sets what another leaves out. */
export function edtOverrides (flags: Flags): Record<string, unknown> {
  const given = Object.keys(EDT_FLAGS).filter((flag) => flags[flag] !== undefined && flags[flag] !== false)
  if (given.length > 0 && flags.system !== 'llm-edt') refuseSetting(given[0]!, 'is of llm-edt alone')
  const { 'adapter-size': size, 'adapter-form': form, alpha } = flags
  const overrides: Record<string, unknown> = {}
  for (const [flag, values] of Object.entries(ABLATIONS)) if (flags[flag] === true) Object.assign(overrides, values)
  if (overrides.alpha === 0 && alpha !== undefined) refuseSetting('alpha', 'is what --no-profiling decides')
  if (typeof size === 'string') overrides.adapterSize = wholeNumber('adapter-size', size, 1)
  if (typeof form === 'string') overrides.adapterForm = form
  return overrides
}
