import { OPENAPI } from '../src/cli/commands/developing.ts'
import { runCommand } from '../src/cli/run.ts'
import { checkOpenapi, writeOpenapi } from '../src/serve/openapi-file.ts'

await runCommand(OPENAPI, async ({ flags }) => ({
  says: flags.check === true
    ? `openapi: ${await checkOpenapi()} is what the code makes`
    : `openapi: wrote ${await writeOpenapi()}`,
}))
