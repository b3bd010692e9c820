import type { Command } from './command.ts'
import { nearest } from './nearest.ts'

/** A command by its name, which may be that of its npm script (`bench:serve`), or what to say where there is none. */
export function commandNamed (
  name: string, commands: readonly Command[]
): { readonly command: Command } | { readonly unknown: string } {
  const plain = name.replace(':', '-')
  const command = commands.find((one) => one.name === plain)
  if (command !== undefined) return { command }
  const meant = nearest(plain, commands.map((one) => one.name))
  return { unknown: `isthmus: no command named "${name}"${meant === undefined ? '' : `; did you mean ${meant}?`}` }
}
