import { join } from 'node:path'
import { SITE } from '../src/cli/commands/developing.ts'
import { runCommand } from '../src/cli/run.ts'
import { workRoot } from '../src/paths.ts'
import { checkSite, writeSite } from '../src/reference/site-page.ts'

await runCommand(SITE, async ({ flags: { docs = join(workRoot, 'docs'), check } }) => {
  const file = check === true ? await checkSite(docs) : await writeSite(docs)
  return { says: `site: ${check === true ? `${file} is what its pages make` : `wrote ${file}`}`, result: { file } }
})
