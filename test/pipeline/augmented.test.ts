import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { loadTf } from '../../src/nn/tf.ts'
import { DEFAULT_EVALUATE } from '../../src/pipeline/evaluate-settings.ts'
import { evaluateRun } from '../../src/pipeline/evaluate.ts'
import { DEFAULT_EXPORT } from '../../src/pipeline/export/export-settings.ts'
import { exportStep } from '../../src/pipeline/export.ts'
import { trainSettings } from '../../src/pipeline/train-settings.ts'
import { openRun, trainStep } from '../../src/pipeline/train.ts'
import type { Run } from '../../src/pipeline/train.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { planEpoch, trainableUsers } from '../../src/train/epoch-plan.ts'
import { createRandom } from '../../src/random.ts'
import { buildBatch } from '../../src/train/batch.ts'
import { plantedShop, writePlantedAugmentation, writeShop } from '../train/planted.ts'

const openTf = () => loadTf('cpu')
const SMALL = {
  width: 8,
  layers: 1,
  length: 12,
  batchSize: 16,
  sharedNegatives: 12,
  epochs: 1,
  dropout: 0,
  adapterSize: 4,
  dftEpochs: 1,
}
const shop = plantedShop({ users: 30 })
const real = shop.dataset.items.length

let folder: string
let input: string
let run: Run
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-augmented-'))
  input = await writePlantedAugmentation(await writeShop(folder, shop), shop)
  const [out, evaluation] = [join(folder, 'run'), join(folder, 'evaluation')]
  await trainStep({ input, out, settings: trainSettings({ system: 'llm-edt' }, SMALL), openTf })
  await evaluateRun({ run: out, out: evaluation, settings: DEFAULT_EVALUATE, openTf })
  bundle = (await exportStep({ input: evaluation, out: join(folder, 'shop'), settings: DEFAULT_EXPORT, openTf })).dir
  run = await openRun(out)
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

describe('synthetic events', () => {
  it('are read and asked for in training, fresh items among them, which are no negatives', () => {
    const { dataset, spec, settings } = run
    const [inputs, targets, negatives] = [new Set<number>(), new Set<number>(), new Set<number>()]
    for (let epoch = 1; epoch < 40; epoch++) {
      for (const [step, users] of planEpoch(dataset, trainableUsers(dataset), { ...settings, epoch }).entries()) {
        const batch = buildBatch(dataset, spec, settings, users, createRandom(1, `${epoch}/${step}`))
        const put = (into: Set<number>, rows: Int32Array): void => {
          for (const row of rows) into.add(batch.items[row]!)
        }
        put(inputs, batch.mixed.rows)
        for (const { targets: wanted, negatives: others } of batch.steps) {
          put(targets, wanted)
          put(negatives, others)
        }
      }
    }
    const fresh = (ids: Set<number>): number[] => [...ids].filter((id) => id > real).sort((a, b) => a - b)
    expect(fresh(inputs)).toEqual([real + 4, real + 5])
    expect(fresh(targets)).toEqual([real + 4, real + 5])
    expect(negatives.size).toBe(real)
    expect(fresh(negatives)).toEqual([])
  })

  it('are no part of a bundle: no item, vector, history, popular item, golden answer or answer is one', async () => {
    const { manifest } = await openBundle(bundle)
    expect(manifest.domains.map(({ items }) => items)).toEqual([20, 20])
    for (const name of await readdir(bundle)) {
      if (!/\.(json|jsonl|gz)$/.test(name)) continue
      const bytes = await readFile(join(bundle, name))
      expect((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).includes('synthetic:')).toBe(false)
    }
    for (const domain of ['A', 'B']) expect(await readFile(join(bundle, `vectors-${domain}.f32`))).toHaveLength(20 * 8 * 4)
    expect(await readFile(join(bundle, 'text.f32'))).toHaveLength(real * shop.texts.width * 4)
    const lines = gunzipSync(await readFile(join(bundle, 'histories.jsonl.gz'))).toString().trim().split('\n')
    const events = lines.map((line) => (JSON.parse(line) as { events: unknown[] }).events.length)
    expect(events.reduce((sum, count) => sum + count, 0)).toBe(shop.dataset.events.length)

    const engine = await openEngine(await openBundle(bundle), { provider: 'cpu' })
    const { items } = await engine.recommend({ domain: 'B', history: ['A1'], k: 100, exclude: [], excludeSeen: true })
    expect(items.map(({ itemId }) => itemId).sort()).toEqual(
      shop.dataset.items.filter(({ domain }) => domain === 'B').map(({ itemId }) => itemId).sort())
    expect(await engine.describe('synthetic:B:1')).toBeUndefined()
    await engine.close()
  })

  it('are left out again where the settings say so', async () => {
    const settings = trainSettings({ system: 'llm-edt' }, { ...SMALL, aug: false })
    const [raw, without] = [join(folder, 'raw'), join(folder, 'without')]
    const plain = await trainStep({ input: `${folder}/embeddings`, out: raw, settings, openTf })
    const { manifest } = await trainStep({ input, out: without, settings, openTf })
    expect(manifest.files['weights.bin']).toEqual(plain.manifest.files['weights.bin'])
    expect((await openRun(without)).dataset.augmentation).toBeUndefined()
    expect(run.manifest.files['weights.bin']).not.toEqual(plain.manifest.files['weights.bin'])
  })
})
