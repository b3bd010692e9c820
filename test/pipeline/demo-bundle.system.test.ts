import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BundleHistory, BundleItem } from '../../src/bundle/layout.ts'
import { openBundle } from '../../src/bundle/open.ts'
import type { Bundle } from '../../src/bundle/open.ts'
import { localEmbedder } from '../../src/encode/local-embedder.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { itemPrompt, itemText } from '../../src/llm/item-prompt.ts'
import { packageRoot } from '../../src/paths.ts'
import { CLOTH, SPORT } from '../../src/pipeline/demo-shop-words.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import type { EngineCore } from '../../src/recommend/engine-core.ts'
import type { RankedItem } from '../../src/recommend/engine.ts'

const ROOT = join(packageRoot, 'models/demo')

let bundle: Bundle
let engine: EngineCore
let embedder: TextEmbedder
const items = new Map<string, BundleItem>()
let histories: BundleHistory[] = []
beforeAll(async () => {
  bundle = await openBundle(ROOT)
  engine = await openEngine(bundle, { provider: 'cpu', retrieval: 'exact' })
  embedder = await localEmbedder()
  for (const { name } of bundle.manifest.domains) {
    const lines = (await bundle.readText(`items-${name}.jsonl`)).trim().split('\n')
    for (const item of lines.map((line) => JSON.parse(line) as BundleItem)) items.set(item.itemId, item)
  }
  histories = gunzipSync(await bundle.read('histories.jsonl.gz')).toString('utf8').trim().split('\n')
    .map((line) => JSON.parse(line) as BundleHistory)
})
afterAll(async () => {
  await engine.close()
  await embedder.close()
})

/** Not from the categories: a third of the items has none. A title is words, then the kind, then ", " and a colour. */
const kinds = [...SPORT, ...CLOTH].flatMap(({ name, kinds }) => kinds.map(([kind]) => [kind, name] as const))
  .sort(([a], [b]) => b.length - a.length)
const themeOf = (itemId: string): string | undefined => {
  const words = items.get(itemId)?.title?.replace(/, [^,]+$/, '')
  return kinds.find(([kind]) => words?.endsWith(kind))?.[1]
}
const domainOf = (itemId: string): string => itemId.split('-')[0]!

/** Puts an item that nobody has bought: its domain and title are all that is known. */
async function putCold (itemId: string, domain: string, title: string): Promise<void> {
  const prompt = itemPrompt(bundle.manifest.domains.map(({ name }) => name))
  const embedding = await embedder.embed([itemText(prompt, domain, { title }).text])
  await engine.putItems([{ itemId, domain, title, embedding }])
}

/** What stands nearest to an item of which only the title is known. */
async function nearest (domain: string, title: string): Promise<RankedItem[]> {
  await putCold(`${domain}-new`, domain, title)
  return await engine.similar({ itemId: `${domain}-new`, k: 10 }) ?? []
}

describe('models/demo', () => {
  it('is one version, small, whole, and says that its data is generated', async () => {
    const { manifest } = bundle
    expect((await readdir(ROOT)).sort()).toEqual([manifest.version, 'CURRENT'].sort())
    expect(manifest).toMatchObject({ name: 'demo', generated: true, system: 'llm4cdsr', preset: 'product' })
    expect(manifest.files.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(12_000_000)
    expect(manifest.domains.map(({ name }) => name).sort()).toEqual(['cloth', 'sport'])
    expect(items.size).toBeGreaterThanOrEqual(2_000)
    expect(histories.length).toBeGreaterThanOrEqual(3_000)
  })

  it('finds the held-out purchase far more often than the list of what sells best', async () => {
    // No popularity list can do better than one counted with the purchases that are to be found.
    const counts = new Map<string, number>()
    for (const { events } of histories) for (const [id] of events) counts.set(id, (counts.get(id) ?? 0) + 1)
    const ranked = [...counts].sort(([, a], [, b]) => b - a).map(([id]) => id)
    // Sixty are the longest history: whoever is looked for is among the first seventy, or not in the list of ten.
    const best = new Map(['sport', 'cloth'].map((domain) =>
      [domain, ranked.filter((id) => domainOf(id) === domain).slice(0, 70)]))
    const hits = histories.filter(({ events }) => {
      const [target] = events.at(-1)!
      const seen = new Set(events.slice(0, -1).map(([id]) => id))
      const place = best.get(domainOf(target))!.filter((id) => !seen.has(id)).indexOf(target)
      return place >= 0 && place < 10
    })
    const { full } = bundle.manifest.metrics as { full: Record<string, { hr10: number }> }
    expect(full.all!.hr10).toBeGreaterThan(5 * hits.length / histories.length)
  })

  // By chance one in eleven. A word that no title of the shop has moves a text further than it should.
  it.each([
    ['of no brand', '', 'navy', 0.55],
    ['of an unheard brand', 'Acme ', 'navy', 0.4],
    ['of another unheard brand', 'Cumbrel ', 'navy', 0.4],
    ['of an unheard brand and colour', 'Acme ', 'teal', 0.3],
  ])('puts new items %s among their kin', async (_, brand, colour, least) => {
    const shares: number[] = []
    for (const [domain, themes] of [['sport', SPORT], ['cloth', CLOTH]] as const) {
      for (const { name, kinds } of themes) {
        for (const [kind] of kinds.slice(0, 4)) {
          const found = await nearest(domain, `${brand}${kind}, ${colour}`)
          shares.push(found.filter(({ itemId }) => themeOf(itemId) === name).length / found.length)
        }
      }
    }
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(least)
  })

  it('recommends a new item, by its title alone, to whose session it matches', async () => {
    await putCold('sport-new', 'sport', 'Tarnvik all-terrain trail running shoes, moss')
    const runner = histories.find(({ events }) => {
      const themes = events.slice(-4).map(([id]) => themeOf(id))
      return themes.every((theme) => theme === 'Trail running')
    })!
    const history = runner.events.slice(-4).map(([id]) => id)
    const { items: found } = await engine.recommend({ domain: 'sport', history, k: 100, exclude: [], excludeSeen: true })
    expect(found.map(({ itemId }) => itemId)).toContain('sport-new')
  })

  it('answers a shopper of one domain with what such shoppers buy in the other', async () => {
    const skis = [...items.keys()].filter((itemId) => themeOf(itemId) === 'Skiing').slice(0, 4)
    const { basis, items: found } = await engine.recommend({
      domain: 'cloth', history: skis, k: 10, exclude: [], excludeSeen: true,
    })
    expect(basis).toBe('history')
    const themes = found.map(({ itemId }) => themeOf(itemId))
    expect(themes.filter((theme) => theme === 'Alpine knitwear').length, themes.join(', ')).toBeGreaterThanOrEqual(5)
  })
})
