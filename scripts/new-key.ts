import { NEW_KEY } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { newKey } from '../src/config/api-keys.ts'

await runCommand(NEW_KEY, async ({ flags: { name, scopes = 'read' } }) => {
  const { key, entry } = newKey(name, scopes)
  return { says: `key:   ${key}\nentry: ${entry}`, result: { key, entry } }
})
