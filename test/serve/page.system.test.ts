import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, hasChromium, openBrowser } from '../../bench/page/browser.ts'
import { newKey } from '../../src/config/api-keys.ts'
import { LOCAL_EMBEDDER_ID } from '../../src/encode/local-embedder.ts'
import { writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const inCi = process.env.CI !== undefined
const DOMAINS = ['sport', 'cloth'] as const
/** Hosts that are this machine; nothing else may be asked for. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** How many dots of the canvas have the colours of the first and the second domain; runs in the page. */
const COUNT_COLOURS = `((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return ['--d0', '--d1'].map((name) => {
    const hex = getComputedStyle(canvas).getPropertyValue(name).trim()
    const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
    let count = 0
    for (let i = 0; i < data.length; i += 4) if (wanted.every((value, c) => data[i + c] === value)) count++
    return count
  })
})(document.getElementById('chart'))`

// Absent on a machine where nobody installed it; CI has it, and fails without.
describe.skipIf(!hasChromium && !inCi)(`the playground in a real browser${hasChromium ? '' : ` (skipped: ${CHROMIUM} is not there)`}`, () => {
  let folder: string
  let service: ServiceProcess
  let browser: Browser
  let context: BrowserContext | undefined
  const complaints: string[] = []
  const asked: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-page-'))
    service = await startProcess({ DATA_DIR: join(folder, 'data') })
    browser = await openBrowser(join(folder, 'net.json'))
  })
  afterEach(async () => {
    await context?.close()
    expect(complaints.splice(0)).toEqual([])
    expect(asked.splice(0).filter((url) => !LOOPBACK.has(new URL(url).hostname))).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** The page in a profile of its own, ready for a shopper unless told otherwise; its complaints fail the test. */
  async function visit (
    { at = service.address, dark = false, ready = true, width = 1440, withChart = true } = {}
  ): Promise<Page> {
    context = await browser.newContext({
      viewport: { width, height: 900 }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce',
    })
    context.on('request', (request) => asked.push(request.url()))
    const page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // A refusal that a test asks for is logged by the browser itself.
      if (message.type() === 'error' && !/status of 40[14]/.test(message.text())) complaints.push(message.text())
    })
    if (!withChart) await page.route('**/chart', async (route) => await route.fulfill({ status: 404, json: { code: 'not_found' } }))
    await page.goto(at)
    if (ready) await page.locator('#answers[data-round="1"]').waitFor()
    return page
  }

  const card = (page: Page, domain: string): Locator => page.getByLabel(`Recommendations of ${domain}`, { exact: true })
  const answers = (page: Page, domain: string): Locator => card(page, domain).locator('.ranked .name')
  const picks = (page: Page): Locator => page.locator('#picks .chip .name')

  /** What a domain answers, as it stands. */
  const list = async (page: Page, domain: string): Promise<string[]> => (await answers(page, domain).allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))

  /** Does something, and waits until every domain has answered to it. */
  async function answered (page: Page, act: () => Promise<unknown>): Promise<void> {
    const round = await page.locator('#answers').getAttribute('data-round')
    await act()
    await page.locator(`#answers[aria-busy="false"]:not([data-round="${round}"])`).waitFor()
  }

  async function find (page: Page, words: string): Promise<Locator> {
    await page.getByRole('searchbox').fill(words)
    const found = page.locator('#found').getByRole('button').filter({ hasText: new RegExp(words.split(' ')[0]!, 'i') })
    await found.first().waitFor()
    return found
  }

  it('says what is served, and begins with what is popular in each domain', async () => {
    const page = await visit()
    const health = await (await service.get('/health')).json() as { model: { name: string, version: string } }
    await expect.poll(async () => await page.locator('#facts').innerText()).toContain(health.model.version)
    expect(await page.locator('#facts').innerText()).toContain('llm4cdsr')
    expect(await page.locator('#notice').innerText()).toContain('made up')
    for (const domain of DOMAINS) {
      expect(await card(page, domain).innerText()).toContain('what is popular')
      const { body } = await service.post(`/recommend?domain=${domain}`, { k: 8 })
      expect(await list(page, domain)).toEqual(body.items.map(({ title }) => `Pick ${title ?? ''}`))
    }
  })

  it('searches the catalogue, and every pick changes what each domain recommends, with score, basis, time and version', async () => {
    const page = await visit()
    const seen: string[][] = [[...await list(page, 'sport'), ...await list(page, 'cloth')]]
    for (const [i, words] of ['trail shoes', 'merino', 'yoga'].entries()) {
      const found = await find(page, words)
      await answered(page, async () => await found.first().click())
      await expect.poll(async () => await picks(page).count()).toBe(i + 1)
      for (const domain of DOMAINS) {
        await expect.poll(async () => await card(page, domain).innerText()).toMatch(
          new RegExp(`Rests on the history: ${i + 1} item[\\s\\S]*0\\.\\d{3}[\\s\\S]*Answered in \\d+\\.\\d ms · demo 2\\d{7}T\\d{6}Z-[0-9a-f]{8}`))
      }
      seen.push([...await list(page, 'sport'), ...await list(page, 'cloth')])
    }
    for (const [i, one] of seen.entries()) for (const other of seen.slice(i + 1)) expect(one).not.toEqual(other)
    const domainsPicked = await page.locator('#picks .chip .mark').evaluateAll((marks) => marks.map((mark) => mark.className))
    expect(new Set(domainsPicked).size).toBe(2)

    // Picking from an answer, and taking back.
    await answered(page, async () => await answers(page, 'cloth').first().click())
    expect(await picks(page).count()).toBe(4)
    await answered(page, async () => await page.locator('#picks .drop').last().click())
    expect([...await list(page, 'sport'), ...await list(page, 'cloth')]).toEqual(seen[3])
    await answered(page, async () => await page.getByRole('button', { name: 'Clear' }).click())
    expect([...await list(page, 'sport'), ...await list(page, 'cloth')]).toEqual(seen[0])
  })

  it('draws the items of both domains, lights the session and the answers, and picks what is clicked', async () => {
    const page = await visit()
    const chart = page.locator('#chart')
    expect(await chart.getAttribute('aria-label')).toMatch(/map of 2,?224 items.*0 of the session and 16 recommended/)
    const pixels = async (): Promise<string> => await page.evaluate('document.getElementById("chart").toDataURL()')
    const before = await pixels()
    await answered(page, async () => await (await find(page, 'running')).first().click())
    await expect.poll(async () => await chart.getAttribute('aria-label')).toContain('1 of the session and 16 recommended')
    expect(await pixels()).not.toBe(before)
    const colours = await page.evaluate<number[]>(COUNT_COLOURS)
    for (const count of colours) expect(count).toBeGreaterThan(100)

    const box = (await chart.boundingBox())!
    const tip = page.locator('#tip')
    for (let x = 0.3; x < 0.8 && !await tip.isVisible(); x += 0.02) {
      await page.mouse.move(box.x + x * box.width, box.y + 0.5 * box.height)
    }
    const name = (await tip.innerText()).split(' · ')[0]!
    await answered(page, async () => {
      await page.mouse.down()
      await page.mouse.up()
    })
    expect(await picks(page).last().innerText()).toContain(name)
  })

  it('goes without a map where there are too few items for one', async () => {
    const page = await visit({ withChart: false })
    await answered(page, async () => await (await find(page, 'running')).first().click())
    expect(await page.getByRole('heading', { name: 'Where the items lie' }).isVisible()).toBe(false)
    expect(await page.getByRole('alert').isVisible()).toBe(false)
    expect(await card(page, 'cloth').innerText()).toContain('Rests on the history: 1 item')
  })

  it('explains an answer: threads, shops, items, likeness, and what is alike in every domain', async () => {
    const page = await visit()
    for (const words of ['trail shoes', 'merino']) await answered(page, async () => await (await find(page, words)).first().click())
    await card(page, 'sport').getByRole('button', { name: 'Why' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    const text = await dialog.innerText()
    for (const part of [
      'Global thread', 'Local thread', 'What each shop did', 'What each item did', 'Most alike in the history',
      'Alike, in every shop',
    ]) expect(text).toContain(part)
    const parts = (await dialog.locator('section').first().locator('.number').allInnerTexts()).map((value) => Number(value.replace('−', '-')))
    expect(parts[0]! + parts[1]!).toBeCloseTo(Number(/score of (\d\.\d+)/.exec(text)![1]), 2)
    const alike = dialog.locator('.alike > div')
    expect(await alike.locator('h4').allInnerTexts()).toEqual([...DOMAINS])
    await answered(page, async () => await alike.last().getByRole('button').first().click())
    expect(await picks(page).count()).toBe(3)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })

  it('adds an item by its title alone, shows where it lands, and takes it out again', async () => {
    const page = await visit()
    await answered(page, async () => await (await find(page, 'yoga')).first().click())
    const title = 'Cork yoga mat for very hot mornings'
    await page.getByPlaceholder('Its title').fill(title)
    await page.getByLabel('Shop', { exact: true }).selectOption('sport')
    await answered(page, async () => await page.getByRole('button', { name: 'Add to this shop' }).click())
    const result = page.locator('#cold-result')
    await result.getByRole('heading', { name: 'Alike' }).waitFor()
    expect(await result.innerText()).toMatch(/is in sport now, known by its title alone\. It is (number \d+|not among)/)
    expect((await result.innerText()).toLowerCase()).toContain('yoga')
    expect(await result.locator('h4').allInnerTexts()).toEqual([...DOMAINS])
    expect(await (await find(page, 'cork yoga mat')).count()).toBe(1)
    await answered(page, async () => await result.getByRole('button', { name: 'Pick it' }).click())
    expect(await picks(page).last().innerText()).toContain(title)
    await answered(page, async () => await result.getByRole('button', { name: 'Take it out' }).click())
    expect(await result.innerText()).toContain('is gone')
    expect(await picks(page).count()).toBe(1)
    const { items } = await (await service.get('/items?domain=sport&query=cork+hot+mornings')).json() as { items: unknown[] }
    expect(items).toEqual([])
  })

  it('opens a new domain of pasted titles, and offers that only where the service can', async () => {
    const page = await visit()
    expect(await page.getByRole('heading', { name: 'Open a new shop' }).isVisible()).toBe(false)
    await context?.close()

    const tiny = await writeTinyBundle({
      system: 'llm-recg', withLocal: false, embedder: { id: LOCAL_EMBEDDER_ID, width: 384 },
    })
    const open = await startProcess({ DATA_DIR: join(folder, 'open') }, ['--bundle', tiny.root, '--open-domains'])
    try {
      const other = await visit({ at: open.address })
      await answered(other, async () => await (await find(other, 'yoga')).first().click())
      await other.getByLabel('Its name').fill('garden')
      await other.getByLabel('Titles, one a line').fill('Bamboo watering can\n\nWool gloves for cold mornings\n  Yoga mat of reed')
      await answered(other, async () => await other.getByRole('button', { name: 'Open', exact: true }).click())
      await other.getByText('garden is open with 3 items').waitFor()
      expect((await list(other, 'garden')).sort()).toEqual([
        'Pick Bamboo watering can', 'Pick Wool gloves for cold mornings', 'Pick Yoga mat of reed',
      ])
      expect(await card(other, 'garden').innerText()).toContain('Rests on the history: 1 item')
      expect(await other.locator('#legend').innerText()).toContain('garden')
      expect(await other.locator('#chart').getAttribute('aria-label')).toContain('A map of 123 items')
      await card(other, 'garden').getByRole('button', { name: 'Why' }).first().click()
      await other.getByText('This system has no local thread').waitFor()
    } finally {
      await open.stop()
      await tiny.close()
    }
  })

  it('asks a known shopper\'s history, and a text where there is none', async () => {
    const page = await visit()
    await page.getByText('A known shopper').click()
    await page.getByLabel('User id').fill('u0001')
    await answered(page, async () => await page.keyboard.press('Tab'))
    expect(await card(page, 'sport').innerText()).toContain('Rests on the history')
    await answered(page, async () => {
      await page.getByLabel('User id').fill('')
      await page.getByLabel('What is known').fill('winter running in the mountains')
      await page.keyboard.press('Tab')
    })
    await expect.poll(async () => await card(page, 'sport').innerText()).toContain('Rests on the text')
  })

  it('is done with the keyboard alone, and never loses its place', async () => {
    const page = await visit()
    const { keyboard } = page
    const focused = async (): Promise<string> => await page.evaluate<string>(
      'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent')
    /** Tabs until the focus is on what is wanted. */
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let i = 0; i < 60 && !wanted.test(await focused()); i++) await keyboard.press('Tab')
      expect(await focused()).toMatch(wanted)
    }
    await keyboard.press('Tab')
    expect(await focused()).toBe('Skip to the search')
    await keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('query')
    await keyboard.type('merino')
    await page.locator('#found button').first().waitFor()
    await keyboard.press('Tab')
    expect(await focused()).toMatch(/^Pick .*merino/i)
    await answered(page, async () => await keyboard.press('Enter'))
    expect(await focused()).toMatch(/^Pick .*merino/i)

    // The list that the focus is in is drawn anew, and the focus stays at its row.
    await tabTo(/^Why /)
    await keyboard.press('Shift+Tab')
    await answered(page, async () => await keyboard.press('Enter'))
    expect(await picks(page).count()).toBe(2)
    const row = async (): Promise<number> => await page.evaluate(
      '[...document.activeElement.closest("ol").children].findIndex((child) => child.contains(document.activeElement))')
    expect(await row()).toBe(0)
    await tabTo(/^Why /)
    const why = await focused()
    await keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await focused()).toBe(why)

    await page.locator('#picks .drop').first().focus()
    await answered(page, async () => await keyboard.press('Enter'))
    expect(await focused()).toMatch(/^Remove /)
    await answered(page, async () => await keyboard.press('Space'))
    expect(await page.evaluate('document.activeElement.id')).toBe('query')
    expect(await page.locator('#said').textContent()).toMatch(/sport: .+\. cloth: .+/)
  })

  it.each([[false, 1440], [true, 1440], [false, 390], [true, 390]])('has nothing that axe finds against it (dark: %s, %i wide)', async (dark, width) => {
    const page = await visit({ dark, width })
    const check = async (): Promise<void> => {
      await page.evaluate(axe.source)
      const { violations, passes } = await page.evaluate<AxeResults>('axe.run()')
      expect(passes.length).toBeGreaterThan(10)
      expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`))).toEqual([])
    }
    await check()
    for (const words of ['trail shoes', 'merino']) await answered(page, async () => await (await find(page, words)).first().click())
    await page.getByText('A known shopper').click()
    await page.getByPlaceholder('Its title').fill('Wool socks for long walks')
    await page.getByRole('button', { name: 'Add to this shop' }).click()
    await page.locator('#cold-result h3').waitFor()
    await check()
    await card(page, 'cloth').getByRole('button', { name: 'Why' }).first().click()
    await page.getByRole('dialog').waitFor()
    await check()
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Take it out' }).click()
    await page.locator('#cold-result').getByText('is gone').waitFor()
  })

  it('asks for a key where there are keys, keeps it in memory alone, and offers writes only to a key that may', async () => {
    const [reader, writer] = [newKey('reader', 'read'), newKey('writer', 'read+write')]
    const keyed = await startProcess({ DATA_DIR: join(folder, 'keyed'), API_KEYS: `${reader.entry} ${writer.entry}` })
    try {
      const page = await visit({ at: keyed.address, ready: false })
      const enter = async (key: string): Promise<void> => {
        await page.getByLabel('Key with the scope').fill(key)
        await page.getByRole('button', { name: 'Go on' }).click()
      }
      await page.getByText('This service needs a key').waitFor()
      expect(await page.locator('#shop').isVisible()).toBe(false)
      await enter('isk_wrong')
      await page.getByRole('alert').getByText('unauthorized').waitFor()
      await enter(reader.key)
      await answers(page, 'sport').first().waitFor()
      expect(await page.locator('#cold').isVisible()).toBe(false)
      expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, ''])

      await page.reload()
      await page.getByText('This service needs a key').waitFor()
      await enter(writer.key)
      await answers(page, 'sport').first().waitFor()
      expect(await page.locator('#cold').isVisible()).toBe(true)
      expect(await page.content()).not.toContain(writer.key)
    } finally {
      await keyed.stop()
    }
  })

  it('made no connection but to this machine, the browser\'s own business included', async () => {
    await browser.close()
    const { constants, events } = JSON.parse(await readFile(join(folder, 'net.json'), 'utf8')) as {
      constants: { logEventTypes: Record<string, number> },
      events: Array<{ type: number, params?: { address?: string } }>,
    }
    const connected = events.filter(({ type }) => type === constants.logEventTypes.TCP_CONNECT_ATTEMPT)
      .flatMap(({ params }) => params?.address ?? [])
    expect(connected.length).toBeGreaterThan(0)
    expect(connected.filter((address) => !/^(127\.0\.0\.1|\[::1\]):/.test(address))).toEqual([])
  })
})
