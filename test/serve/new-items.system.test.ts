import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { loadTf } from '../../src/nn/tf.ts'
import { DEFAULT_EVALUATE } from '../../src/pipeline/evaluate-settings.ts'
import { evaluateRun } from '../../src/pipeline/evaluate.ts'
import { DEFAULT_EXPORT } from '../../src/pipeline/export/export-settings.ts'
import { exportStep } from '../../src/pipeline/export.ts'
import { trainSettings } from '../../src/pipeline/train-settings.ts'
import { openRun, trainStep } from '../../src/pipeline/train.ts'
import type { Run } from '../../src/pipeline/train.ts'
import { createRandom } from '../../src/random.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { createModelPool } from '../../src/recommend/model-pool.ts'
import { readPopular } from '../../src/recommend/popular.ts'
import { type App, buildApp } from '../../src/serve/app.ts'
import type { LoadedModel } from '../../src/serve/models/open-model.ts'
import { createModel } from '../../src/train/model.ts'
import { memoryStore } from '../support/memory-store.ts'
import { plantedShop, writeShop } from '../train/planted.ts'

const NEW = 1000
const TOPICS = 4
const openTf = () => loadTf('wasm')
const SMALL = {
  width: 16,
  layers: 1,
  length: 10,
  sharedNegatives: 40,
  batchSize: 16,
  learningRate: 0.01,
  dropout: 0,
  epochs: 5,
  dftEpochs: 2,
  dftLearningRate: 0.003,
}

interface Answer {
  readonly basis: string
  readonly historyUsed: number
  readonly items: ReadonlyArray<{ readonly itemId: string, readonly score: number }>
}

let folder: string
let run: Run
let app: App
let closeEngine: () => Promise<void>

/** What the shop's embedder makes of a new item's title. */
function textOf (title: string, width: number): Float32Array {
  const random = createRandom(5, title)
  const topic = Number(/topic (\d)/.exec(title)![1])
  return Float32Array.from({ length: width }, (_, i) => 0.1 * random.normal() + (i === topic ? 1 : 0))
}
const titleOf = (i: number): string => `topic ${i % TOPICS}, new thing ${i}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-new-items-'))
  const shop = plantedShop({ users: 200, topics: TOPICS, perTopic: 10 })
  const settings = trainSettings({ system: 'llm-edt' }, SMALL)
  const [at, evaluation] = [join(folder, 'run'), join(folder, 'evaluation')]
  await trainStep({ input: await writeShop(folder, shop), out: at, settings, openTf })
  await evaluateRun({ run: at, out: evaluation, settings: DEFAULT_EVALUATE, openTf })
  const { dir } = await exportStep({ input: evaluation, out: join(folder, 'shop'), settings: DEFAULT_EXPORT, openTf })
  run = await openRun(at)
  const engine = await openEngine(await openBundle(dir), { provider: 'cpu' })
  closeEngine = engine.close
  app = await buildApp({
    version: '0.0.0',
    models: createModelPool<LoadedModel>([{
      model: {
        engine,
        popular: await readPopular(engine),
        embedder: {
          async embed (texts) {
            const { width } = shop.texts
            const rows = new Float32Array(texts.length * width)
            for (const [i, text] of texts.entries()) rows.set(textOf(text, width), i * width)
            return rows
          },
        },
        itemText: (_domain, { title = '' }) => title,
        pending: [],
        warm: async () => {},
        seed: async () => {},
        close: async () => {},
      },
      weight: 1,
    }]),
    store: memoryStore(),
    now: () => 1_760_000_000_000,
    limits: { requestTimeoutMs: 60_000 },
  })
})
afterAll(async () => {
  await app.server.close()
  await closeEngine()
  await rm(folder, { recursive: true })
})

async function post<T> (url: string, body: unknown): Promise<{ status: number, body: T }> {
  const { statusCode, payload } = await app.server.inject({
    method: 'POST', url, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body),
  })
  return { status: statusCode, body: JSON.parse(payload) as T }
}

const recommend = async (history: readonly string[], k = 10): Promise<Answer> => (await post<Answer>(
  '/recommend?domain=B', { history: history.map((itemId) => ({ itemId })), k })).body

/** Best items of B, as the trained weights rank them where the new items had stood in the catalogue. */
async function trainedSide (history: readonly string[], k: number): Promise<Array<{ itemId: string, score: number }>> {
  const { dataset, texts: { width, rows } } = run
  const [a, b] = dataset.domains
  const fresh = Array.from({ length: NEW }, (_, i) => ({ itemId: `new-${i}`, domain: 'B' }))
  const items = [...dataset.items, ...fresh]
  const all = new Float32Array(items.length * width)
  all.set(rows)
  for (const i of fresh.keys()) all.set(textOf(titleOf(i), width), (dataset.items.length + i) * width)
  const wider: Dataset = { ...dataset, domains: [a!, { ...b!, size: b!.size + NEW }], items }
  const { tf, close } = await openTf()
  const model = createModel(tf, { ...run, dataset: wider, texts: { width, rows: all } })
  try {
    const ids = Int32Array.from(history, (itemId) => items.findIndex((item) => item.itemId === itemId) + 1)
    const user = model.userVectors([ids], 1)
    const vectors = model.itemVectors()
    return items.map(({ itemId, domain }, i) => ({
      itemId,
      domain,
      score: user.reduce((sum, value, c) => sum + value * vectors[i * model.vectorWidth + c]!, 0),
    })).filter(({ itemId, domain }) => domain === 'B' && !history.includes(itemId))
      .sort((x, y) => y.score - x.score).slice(0, k)
  } finally {
    model.dispose()
    close()
  }
}

const HISTORIES = [['A3', 'B7', 'A12'], ['A25'], ['A39', 'B33', 'A31', 'B35']]

describe('a bundle of llm-edt', () => {
  it('has item vectors of one width for all domains and nothing else of an item but its text', async () => {
    const { manifest } = await openBundle(join(folder, 'shop'))
    expect(manifest.encoder).toMatchObject({ globalWidth: 16, localWidth: 0, userWidth: 16, sharedItems: true })
    expect(manifest.itemMaps).toEqual({ 'item-map.f32': { method: 'fold' } })
    expect([...run.weights.keys()].filter((name) => name.startsWith('items.'))).toEqual([
      'items.adapter.in.kernel', 'items.adapter.in.bias', 'items.adapter.out.kernel', 'items.adapter.out.bias',
    ])
  })

  it('answers with a thousand items that came by POST /items alone as if it had been trained with them', async () => {
    const before = await recommend(HISTORIES[0]!)
    expect(before.items.some(({ itemId }) => itemId.startsWith('new-'))).toBe(false)
    for (let from = 0; from < NEW; from += 100) {
      const items = Array.from({ length: 100 }, (_, i) =>
        ({ itemId: `new-${from + i}`, domain: 'B', title: titleOf(from + i) }))
      const { status, body } = await post<{ items: Array<{ state: string }> }>('/items', { items })
      expect(status).toBe(201)
      expect(body.items.every(({ state }) => state === 'ready')).toBe(true)
    }
    for (const history of HISTORIES) {
      const [served, trained] = [await recommend(history, 50), await trainedSide(history, 50)]
      expect(served).toMatchObject({ basis: 'history', historyUsed: history.length })
      expect(served.items).toHaveLength(50)
      expect(served.items.filter(({ itemId }) => itemId.startsWith('new-')).length).toBeGreaterThan(25)
      for (const [place, { score }] of trained.entries()) expect(served.items[place]!.score).toBeCloseTo(score, 4)
    }
  })

  it('reads them in histories, in both of its threads', async () => {
    const history = ['A3', 'new-0', 'new-8', 'A5']
    const [served, trained] = [await recommend(history), await trainedSide(history, 10)]
    expect(served).toMatchObject({ basis: 'history', historyUsed: 4 })
    for (const [place, { score }] of trained.entries()) expect(served.items[place]!.score).toBeCloseTo(score, 4)
    const without = await recommend(['A3', 'A5'])
    expect(without.items.map(({ score }) => score)).not.toEqual(served.items.map(({ score }) => score))
  })
})
