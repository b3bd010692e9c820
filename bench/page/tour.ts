import type { Browser, Page } from 'playwright-core'

const SIZE = { width: 1440, height: 900 }
/** For each wait, in milliseconds: a browser on a machine whose cores are all taken is slow, not broken. */
export const PATIENCE = 120_000
/** A trail runner: two words of search each, one shop after the other. */
const SESSION = ['trail shoes', 'packable merino', 'hydration vest']
const COLD = 'Lightweight soft flask 250 ml'

/**
 * Walks through the playground of a service with the demo bundle, and stops at each picture of docs/pictures: `stop` is
 * given the page and the picture's name, without its ending. The same steps and the same size each time; what was
 * added on the way is taken out again.
 */
export async function tourPlayground (
  browser: Browser, address: string, stop: (page: Page, name: string) => Promise<void>
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: SIZE, colorScheme, reducedMotion: 'reduce', deviceScaleFactor: 1 })
    page.setDefaultTimeout(PATIENCE)
    await page.goto(address)
    await page.locator('#answers[data-round="1"]').waitFor()
    for (const words of SESSION) await pick(page, words)
    await settled(page, async () => {
      await page.locator('#cold-name').fill(COLD)
      await page.getByRole('button', { name: 'Add to this shop' }).click()
    })
    await page.locator('#cold-result h3').waitFor()
    await stop(page, `playground-${colorScheme}`)
    if (colorScheme === 'light') {
      await page.getByRole('button', { name: 'Why' }).first().click()
      await page.getByRole('dialog').waitFor()
      await stop(page, 'playground-why')
      await page.keyboard.press('Escape')
    }
    await settled(page, async () => await page.getByRole('button', { name: 'Take it out' }).click())
    await page.close()
  }
}

/**
 * What a page says and offers, as a screen reader would have it (ARIA, as YAML): the words of a picture. Numbers with
 * a fraction (times, scores, prices) are left out, since times differ every time and scores between processors.
 */
export async function wordsOf (page: Page): Promise<string> {
  return `${(await page.locator('body').ariaSnapshot()).replaceAll(/\d+\.\d+/g, '#')}\n`
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
