import { DOCS } from '../src/cli/commands/developing.ts'
import { runCommand } from '../src/cli/run.ts'
import { checkPages, writePages } from '../src/reference/pages.ts'

await runCommand(DOCS, async ({ flags }) => ({
  says: flags.check === true
    ? `docs: what the code makes: ${(await checkPages()).join(', ')}`
    : `docs: wrote ${(await writePages()).join(', ')}`,
}))
