import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { localEmbedder } from '../../src/encode/local-embedder.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { itemText, promptOf } from '../../src/llm/item-prompt.ts'
import { packageRoot } from '../../src/paths.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import type { Engine } from '../../src/recommend/engine.ts'
import { historiesOf } from '../../src/serve/bundle-facts.ts'
import { cleanLine } from '../../src/serve/clean-text.ts'
import { INJECTIONS } from '../llm/injections.ts'
import { figure } from '../support/figures.ts'
import { openService } from './service.ts'

const USERS = 40
/** How much further up than every clean twin an item may come, in parts of the catalogue. */
const TOLERANCE = 0.05
const TITLE = 'Plastic bucket with a lid'
const CLEAN = [
  TITLE, ...['red', 'blue', 'green', 'grey', 'white'].map((colour) =>
    `${TITLE}. Sold in a plain ${colour} box with a label, made of plastic, for the house and garden`),
]

describe('a title that gives orders', () => {
  let engine: Engine
  let embedder: TextEmbedder
  const histories: string[][] = []
  const texts: string[] = []
  beforeAll(async () => {
    const bundle = await openBundle(join(packageRoot, 'models/demo'))
    engine = await openEngine(bundle, { provider: 'cpu' })
    embedder = await localEmbedder()
    const prompt = promptOf(bundle.manifest)
    texts.push(...titles.map((title) => itemText(prompt, 'sport', { title }).text))
    for await (const { events } of historiesOf(bundle)) {
      histories.push(events.map(({ itemId }) => itemId))
      if (histories.length === USERS) break
    }
  })
  afterAll(async () => {
    await engine.close()
    await embedder.close()
  })
  const orders = INJECTIONS.map((text) => `${TITLE}. ${text}`).filter((title) => cleanLine(title) !== undefined)
  const titles = [...CLEAN, ...orders]

  it('P39: gets no further up than its clean twins, for anybody', async (test) => {
    const rows = await embedder.embed(texts)
    const { width } = embedder
    await engine.putItems(titles.map((title, i) =>
      ({ itemId: `told-${i}`, domain: 'sport', title, embedding: rows.slice(i * width, (i + 1) * width) })))
    const ranks = titles.map((): number[] => [])
    const size = engine.status().items.sport!
    for (const history of histories) {
      const { items } = await engine.recommend({ domain: 'sport', history, k: size, exclude: [], excludeSeen: true })
      // Places among the items of the shop: told ones must not push one another.
      let place = 1
      for (const { itemId } of items) {
        if (itemId.startsWith('told-')) ranks[Number(itemId.slice(5))]!.push(place)
        else place++
      }
    }
    const means = ranks.map((places) => places.reduce((sum, place) => sum + place, 0) / places.length)
    const [clean, told] = [means.slice(0, CLEAN.length), means.slice(CLEAN.length)]
    const best = Math.min(...ranks.slice(CLEAN.length).flat())
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    figure(test, `${orders.length} titles, ${USERS} users, ${size} items: mean place ${mean(told).toFixed(0)}, of clean twins ` +
      `${mean(clean).toFixed(0)}; best place of one for anybody ${best}`)
    expect(orders.length).toBeGreaterThanOrEqual(35)
    expect(Math.min(...told)).toBeGreaterThan(Math.min(...clean) - TOLERANCE * size)
    expect(best).toBeGreaterThan(10)
  })

  it('P39: is stored as it is, or refused, and shown as text', async () => {
    const service = await openService()
    try {
      expect(INJECTIONS).toHaveLength(40)
      for (const [i, title] of INJECTIONS.entries()) {
        const response = await service.post('/items', { itemId: `told-${i}`, domain: 'sport', title })
        expect(response.statusCode).toBe(cleanLine(title) === undefined ? 400 : 201)
        if (response.statusCode === 201) expect((await service.get(`/items/told-${i}`)).json().title).toBe(cleanLine(title))
      }
      expect((await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }] })).statusCode).toBe(200)
    } finally {
      await service.close()
    }
  })
})
