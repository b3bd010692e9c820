import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { IsthmusError } from '../errors.ts'

/** What `node:util` parseArgs takes as `options`. */
export type FlagOptions = NonNullable<ParseArgsConfig['options']>

/** The values of such flags; a flag that was not given is absent. */
export type FlagValues<T extends FlagOptions> =
  ReturnType<typeof parseArgs<{ options: T, allowPositionals: true, strict: true }>>['values']

/** The flags that every offline step has. */
export const STEP_FLAGS = {
  in: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  seed: { type: 'string' },
} as const satisfies FlagOptions

export interface ParsedFlags<T extends FlagOptions> {
  readonly flags: FlagValues<T>
  readonly positionals: readonly string[]
}

/**
 * The flags of a command. Throws `config_invalid`, with `usage` in its message, for a flag that is not in `options`,
 * one without its value, and one of `required` that is missing.
 */
export function parseFlags<T extends FlagOptions> (
  usage: string, options: T, required: ReadonlyArray<keyof T & string> = [],
  args: readonly string[] = process.argv.slice(2)
): ParsedFlags<T> {
  const { values, positionals } = parse(usage, options, args)
  const missing = required.filter((name) => !(name in values))
  if (missing.length > 0) throw refused(missing.map((name) => `--${name} is missing`).join(', '), usage, missing[0]!)
  return { flags: values, positionals }
}

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

/** Without the members that are undefined: flags that were not given leave the config file's value alone. */
export function given (values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function parse<T extends FlagOptions> (usage: string, options: T, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    // parseArgs words its errors for people: "Unknown option '--x'".
    throw refused(cause.message.split('. ')[0]!, usage, undefined, cause)
  }
}

function refused (what: string, usage: string, field?: string, cause?: unknown): IsthmusError {
  return new IsthmusError('config_invalid', `${what}\n${usage}`, { cause, ...(field !== undefined && { place: { field } }) })
}
