/** A flag of a command, as its parser, its help, the shells' completion and the reference see it. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  /** What stands for its value: `folder`, `n`, or the values it may have, apart by `|`. */
  readonly value?: string
  readonly says: string
  /** What is taken without it, as a reader is told; the code that uses the flag decides. */
  readonly default?: string
  readonly required?: true
  /** May be given more than once. */
  readonly multiple?: true
}

export type Flags = Readonly<Record<string, Flag>>

export interface Example {
  /** Of a whole command line, what follows `isthmus`. */
  readonly run: string
  readonly says: string
}

/** The headings under which help and reference list commands. */
export const GROUPS = ['serve', 'build', 'measure', 'develop'] as const

/** A command of `isthmus`: everything that is known of it without loading what it does. */
export interface Command {
  readonly name: string
  readonly group: typeof GROUPS[number]
  /** One line. */
  readonly summary: string
  /** What a reader of its help has to know besides. */
  readonly says?: string
  /** What comes without a flag before it: its form in the usage line, and the words it may be. */
  readonly operands?: { readonly form: string, readonly says: string, readonly words?: readonly string[] }
  readonly flags: Flags
  readonly examples: readonly Example[]
  /** What `--json` prints; absent where there is no result to print. */
  readonly json?: string
  /** What its exit statuses mean, besides those that all commands share. */
  readonly exits?: Readonly<Record<number, string>>
}

type ValueOf<F extends Flag> =
  F extends { type: 'boolean' } ? boolean : F extends { multiple: true } ? readonly string[] : string

/** The values of a command's flags: those that are required, and those that were given. */
export type FlagValues<T extends Flags> =
  { readonly [K in keyof T as T[K] extends { required: true } ? K : never]: ValueOf<T[K]> } &
  { readonly [K in keyof T as T[K] extends { required: true } ? never : K]?: ValueOf<T[K]> }

/** The exit statuses that all commands share (sysexits.h has 64, 75 and 78). */
export const EXITS: Readonly<Record<number, string>> = {
  0: 'done, or nothing to do',
  1: 'failed; what was finished is kept, and the same command goes on',
  64: 'no such command',
  75: 'try again later: another process has what it needs',
  78: 'refused before anything was done: a flag, a variable, a file or the machine',
  130: 'stopped by Ctrl-C or SIGTERM; the same command goes on from there',
}

/** The name of the npm script of a command: `bench:serve` for `bench-serve`. */
export function npmScript (name: string): string {
  return name.replace(/^(bench|setup)-/, '$1:')
}
