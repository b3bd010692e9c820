import { readFile } from 'node:fs/promises'
import { IsthmusError } from '../errors.ts'

/**
 * The settings of a `--config` file: the members of one JSON object, for the step itself to check; none without a
 * file. Throws `config_invalid` with the file's name.
 */
export async function readConfig (path: string | undefined): Promise<Record<string, unknown>> {
  if (path === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw new IsthmusError('config_invalid', `--config: ${path} ${what}`, { cause, place: { field: 'config', file: path } })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new IsthmusError('config_invalid', `--config: ${path} is not a JSON object`, {
      place: { field: 'config', file: path },
    })
  }
  // An object that is no list: its members are the settings, whatever they hold.
  return value as Record<string, unknown>
}

/** A flag that is a whole number from `least`; absent where it was not given. Throws `config_invalid`. */
export function wholeNumber (name: string, text: string | undefined, least = 0): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value) || value < least) {
    throw new IsthmusError('config_invalid', `--${name} is a whole number from ${least}`, { place: { field: name } })
  }
  return value
}

/** A flag that is a number; absent where it was not given. Throws `config_invalid`. */
export function decimal (name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(value)) return value
  throw new IsthmusError('config_invalid', `--${name} is a number`, { place: { field: name } })
}

/** Without the members that are undefined: flags that were not given leave the config file's value alone. */
export function given (values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
