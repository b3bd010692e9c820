import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { evaluationInput } from '../../src/data/dataset.ts'
import { loadTf } from '../../src/nn/tf.ts'
import { DEFAULT_EVALUATE } from '../../src/pipeline/evaluate-settings.ts'
import { evaluateRun } from '../../src/pipeline/evaluate.ts'
import { DEFAULT_EXPORT } from '../../src/pipeline/export/export-settings.ts'
import { exportStep } from '../../src/pipeline/export.ts'
import { trainSettings } from '../../src/pipeline/train-settings.ts'
import { openRun, trainStep } from '../../src/pipeline/train.ts'
import type { RankedItem } from '../../src/recommend/engine.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { createModel } from '../../src/train/model.ts'
import { plantedShop, writeShop } from '../train/planted.ts'

const USERS = 1000
const openTf = () => loadTf('wasm')
const driver = await findHnswDriver()

interface Ranked { readonly id: string, readonly score: number }

let folder: string
let served: string
/** By domain and user, from the training side: all items that the user has not had, best first. */
let expected: Array<{ readonly domain: string, readonly history: string[], readonly ranking: Ranked[] }>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serving-parity-'))
  const shop = plantedShop({ users: USERS, topics: 20, perTopic: 25, length: 16, textWidth: 24 })
  const settings = trainSettings({ system: 'llm4cdsr' }, {
    width: 16, layers: 1, length: 12, sharedNegatives: 100, epochs: 1,
  })
  const [run, evaluation] = [join(folder, 'run'), join(folder, 'evaluation')]
  await trainStep({ input: await writeShop(folder, shop), out: run, settings, openTf })
  await evaluateRun({ run, out: evaluation, settings: DEFAULT_EVALUATE, openTf })
  const bundle = { input: evaluation, out: join(folder, 'models/shop'), settings: DEFAULT_EXPORT, openTf }
  served = (await exportStep(bundle)).dir

  const opened = await openRun(run)
  const { tf, close } = await openTf()
  const model = createModel(tf, opened)
  const { dataset } = opened
  const users = [...dataset.users.keys()]
  expected = dataset.domains.flatMap(({ name, offset, size }, k) => {
    const scores = model.scorer().score(users, 'test', k)
    return users.map((u) => {
      const seen = [...evaluationInput(dataset, u, 'test')]
      const ranking = [...scores.subarray(u * size, (u + 1) * size)]
        .map((score, i) => ({ globalId: offset + 1 + i, score }))
        .filter(({ globalId }) => !seen.includes(globalId))
        .map(({ globalId, score }) => ({ id: dataset.items[globalId - 1]!.itemId, score }))
        .sort((a, b) => b.score - a.score)
      return { domain: name, history: seen.map((globalId) => dataset.items[globalId - 1]!.itemId), ranking }
    })
  })
  model.dispose()
  close()
})
afterAll(async () => { await rm(folder, { recursive: true }) })

/** The first ten for every user and domain, in batches as the engine takes them. */
async function answers (retrieval: 'exact' | 'hnsw'): Promise<ReadonlyArray<readonly RankedItem[]>> {
  const engine = await openEngine(await openBundle(served), { provider: 'cpu', retrieval })
  expect(engine.status().retrieval).toEqual({ A: retrieval, B: retrieval })
  const lists: Array<readonly RankedItem[]> = []
  for (let from = 0; from < expected.length; from += 100) {
    const jobs = expected.slice(from, from + 100)
      .map(({ domain, history }) => ({ domain, history, k: 10, exclude: [], excludeSeen: true }))
    for (const settled of await engine.recommendBatch(jobs)) {
      if ('error' in settled) throw settled.error
      lists.push(settled.value.items)
    }
  }
  await engine.close()
  return lists
}

describe('a served bundle', () => {
  it('ranks for 1,000 users as the training side does', async () => {
    const lists = await answers('exact')
    expect(lists).toHaveLength(2 * USERS)
    for (const [row, { ranking }] of expected.entries()) {
      const items = lists[row]!
      expect(items).toHaveLength(10)
      const scores = new Map(ranking.map(({ id, score }) => [id, score]))
      for (const [place, { itemId, score }] of items.entries()) {
        expect(Math.abs(score - ranking[place]!.score)).toBeLessThan(1e-5)
        // An item may stand at another's place only where their scores are as good as equal.
        expect(Math.abs(scores.get(itemId)! - ranking[place]!.score)).toBeLessThan(1e-5)
      }
    }
  })

  it.runIf(driver !== undefined)('finds by HNSW, rescored, exactly what the scan finds', async () => {
    const [exact, approximate] = [await answers('exact'), await answers('hnsw')]
    const same = exact.filter((items, row) => items.every(({ score }, i) =>
      Math.abs(score - (approximate[row]![i]?.score ?? -Infinity)) < 1e-6))
    expect(same).toHaveLength(exact.length)
  })
})
