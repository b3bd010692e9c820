import { join } from 'node:path'
import { SITE } from '../src/cli/commands/developing.ts'
import { runCommand } from '../src/cli/run.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { workRoot } from '../src/paths.ts'
import { sitePage } from '../src/reference/site-page.ts'

await runCommand(SITE, async ({ flags: { docs = join(workRoot, 'docs') } }) => {
  const file = join(docs, 'index.html')
  await writeFileAtomic(file, await sitePage(docs))
  return { says: `site: wrote ${file}`, result: { file } }
})
