import { parseArgs } from 'node:util'
import { IsthmusError } from '../errors.ts'
import type { Command, FlagValues } from './command.ts'
import { nearest } from './nearest.ts'

/** What a command was called with. */
export interface Arguments<C extends Command> {
  readonly flags: FlagValues<C['flags']>
  readonly operands: readonly string[]
}

/** The flags that a command is parsed by: its own, and those that all have. */
export function flagNames (command: Command): string[] {
  return [...Object.keys(command.flags), ...(command.json === undefined ? [] : ['json']), 'help']
}

/**
 * Throws `config_invalid`, with the flag's name, for a flag that the command does not have, one without its value, and
 * one that is missing. Values are texts; the code that uses them checks them.
 */
export function parseCommand<C extends Command> (command: C, args: readonly string[]): Arguments<C> {
  const { values, positionals } = parse(command, args)
  const missing = Object.keys(command.flags).filter((name) => command.flags[name]!.required && !(name in values))
  if (missing.length > 0) throw refused(missing.map((name) => `--${name} is missing`).join(', '), missing[0]!)
  if (positionals.length > 0 && command.operands === undefined) throw refused(`nothing is to be made of "${positionals[0]}"`)
  // parseArgs was told the types of the command's own flags.
  return { flags: values as FlagValues<C['flags']>, operands: positionals }
}

function parse (command: Command, args: readonly string[]) {
  const options = {
    ...Object.fromEntries(
      Object.entries(command.flags).map(([name, { type, multiple = false }]) => [name, { type, multiple }])),
    ...(command.json !== undefined && { json: { type: 'boolean' as const } }),
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    // parseArgs words its errors for people: "Unknown option '--x'. To specify …".
    const [what = ''] = cause.message.split(/\. |\n/)
    const [, unknown] = /^Unknown option '--?([^']+)'/.exec(what) ?? []
    const meant = unknown === undefined ? undefined : nearest(unknown, flagNames(command))
    throw refused(what + (meant === undefined ? '' : `; did you mean --${meant}?`), unknown, cause)
  }
}

function refused (what: string, field?: string, cause?: unknown): IsthmusError {
  return new IsthmusError('config_invalid', what, { cause, ...(field !== undefined && { place: { field } }) })
}
