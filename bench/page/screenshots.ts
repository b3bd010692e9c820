import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceConfig } from '../../src/config/service-config.ts'
import { writeFileAtomic } from '../../src/files/write.ts'
import { packageRoot } from '../../src/paths.ts'
import { startService } from '../../src/serve/server.ts'
import { openBrowser } from './browser.ts'
import { tourPlayground, wordsOf } from './tour.ts'

const FOLDER = 'docs/pictures'

/**
 * Pictures of the playground on the demo bundle, in docs/pictures, and beside each its words, by which a test knows
 * whether a clean clone still ends there. Returns their paths.
 */
export async function takeScreenshots (): Promise<string[]> {
  await mkdir(join(packageRoot, FOLDER), { recursive: true })
  const dataDir = await mkdtemp(join(tmpdir(), 'isthmus-pictures-'))
  const config = serviceConfig({ PORT: '0', DATA_DIR: dataDir, REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '10000' })
  const service = await startService(config, {}, { level: 'error', stream: process.stderr })
  const browser = await openBrowser()
  const taken: string[] = []
  try {
    await tourPlayground(browser, service.address, async (page, name) => {
      const path = `${FOLDER}/${name}`
      await page.mouse.move(0, 0)
      await page.screenshot({ path: join(packageRoot, `${path}.png`), animations: 'disabled' })
      await writeFileAtomic(join(packageRoot, `${path}.yaml`), await wordsOf(page))
      taken.push(`${path}.png`, `${path}.yaml`)
    })
  } finally {
    await browser.close()
    await service.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  return taken
}
