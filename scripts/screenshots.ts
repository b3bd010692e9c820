import { SCREENSHOTS } from '../src/cli/commands/developing.ts'
import { runCommand } from '../src/cli/run.ts'

await runCommand(SCREENSHOTS, async () => {
  // What a user of the service never needs is there for developers alone.
  const { takeScreenshots } = await import('../bench/page/screenshots.ts')
  return { says: `screenshots: wrote ${(await takeScreenshots()).join(', ')}` }
})
