import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { serviceConfig } from '../../src/config/service-config.ts'
import { packageRoot } from '../../src/paths.ts'
import { startService } from '../../src/serve/server.ts'
import { openBrowser } from './browser.ts'

const FOLDER = 'docs/pictures'
const SIZE = { width: 1440, height: 900 }
/** A trail runner: two words of search each, one shop after the other. */
const SESSION = ['trail shoes', 'packable merino', 'hydration vest']
const COLD = 'Lightweight soft flask 250 ml'

/**
 * Pictures of the playground on the demo bundle, in docs/pictures: the same steps and the same size each time. Returns
 * their paths.
 */
export async function takeScreenshots (): Promise<string[]> {
  await mkdir(join(packageRoot, FOLDER), { recursive: true })
  const dataDir = await mkdtemp(join(tmpdir(), 'isthmus-pictures-'))
  const config = serviceConfig({ PORT: '0', DATA_DIR: dataDir, REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '10000' })
  const service = await startService(config, {}, { level: 'error', stream: process.stderr })
  const browser = await openBrowser()
  const taken: string[] = []
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: SIZE, colorScheme, reducedMotion: 'reduce', deviceScaleFactor: 1 })
      await page.goto(service.address)
      await page.locator('#answers[data-round="1"]').waitFor()
      for (const words of SESSION) await pick(page, words)
      await settled(page, async () => {
        await page.locator('#cold-name').fill(COLD)
        await page.getByRole('button', { name: 'Add to this shop' }).click()
      })
      await page.locator('#cold-result h3').waitFor()
      await take(page, `playground-${colorScheme}.png`)
      if (colorScheme === 'light') {
        await page.getByRole('button', { name: 'Why' }).first().click()
        await page.getByRole('dialog').waitFor()
        await take(page, 'playground-why.png')
        await page.keyboard.press('Escape')
      }
      await settled(page, async () => await page.getByRole('button', { name: 'Take it out' }).click())
      await page.close()
    }
  } finally {
    await browser.close()
    await service.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  return taken

  async function take (page: Page, name: string): Promise<void> {
    await page.mouse.move(0, 0)
    await page.screenshot({ path: join(packageRoot, FOLDER, name), animations: 'disabled' })
    taken.push(`${FOLDER}/${name}`)
  }
}

async function pick (page: Page, words: string): Promise<void> {
  await page.locator('#query').fill(words)
  const [first] = words.split(' ')
  const found = page.locator('#found button').filter({ hasText: new RegExp(first!, 'i') }).first()
  await settled(page, async () => await found.click())
}

/** Does something, and waits until every domain has answered to it. */
async function settled (page: Page, act: () => Promise<void>): Promise<void> {
  const round = await page.locator('#answers').getAttribute('data-round')
  await act()
  await page.locator(`#answers[aria-busy="false"]:not([data-round="${round}"])`).waitFor()
}
