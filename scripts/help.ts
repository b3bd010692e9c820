import { COMMANDS } from '../src/cli/commands/all.ts'
import { HELP } from '../src/cli/commands/developing.ts'
import { commandHelp, overview } from '../src/cli/help.ts'
import { commandNamed } from '../src/cli/named.ts'
import { runCommand } from '../src/cli/run.ts'

await runCommand(HELP, async ({ operands: [name] }) => {
  if (name === undefined) return { says: overview(COMMANDS) }
  const found = commandNamed(name, COMMANDS)
  if ('command' in found) return { says: commandHelp(found.command) }
  console.error(found.unknown)
  return { says: overview(COMMANDS), exitCode: 64 }
})
