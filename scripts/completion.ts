import { COMMANDS } from '../src/cli/commands/all.ts'
import { COMPLETION } from '../src/cli/commands/developing.ts'
import { completionScript, SHELLS } from '../src/cli/completion.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'

await runCommand(COMPLETION, async ({ operands: [name = ''] }) => {
  const shell = SHELLS.find((one) => one === name) ?? refuseSetting('shell', `is one of ${SHELLS.join(', ')}`)
  return { says: completionScript(shell, COMMANDS) }
})
