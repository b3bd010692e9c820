import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restrict } from '../../../src/data/vary.ts'
import { loadTf } from '../../../src/nn/tf.ts'
import { rowMap } from '../../../src/pipeline/export/item-maps.ts'
import { coldUsers, evaluateCold, extended } from '../../../src/pipeline/study/cold.ts'
import { trainSettings } from '../../../src/pipeline/train-settings.ts'
import { openRun, type Run, trainStep } from '../../../src/pipeline/train.ts'
import { plantedShop, writeShop } from '../../train/planted.ts'

const openTf = () => loadTf('cpu')
const whole = plantedShop({ users: 60 })
let folder: string
let embeddings: string
let run: Run

/** The planted shop without a tenth of its items. */
function without (): ReturnType<typeof plantedShop> {
  const { dataset, texts: { width, rows } } = whole
  const kept = restrict(dataset, { seed: 1, heldOutItems: 0.1 })
  const numbers = kept.items.map(({ itemId }) => dataset.items.findIndex((item) => item.itemId === itemId))
  return {
    dataset: { ...dataset, ...kept },
    texts: { width, rows: Float32Array.from(numbers.flatMap((i) => [...rows.subarray(i * width, (i + 1) * width)])) },
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-cold-'))
  embeddings = await writeShop(join(folder, 'whole'), whole)
  await trainStep({
    input: await writeShop(join(folder, 'without'), without()),
    out: join(folder, 'run'),
    settings: trainSettings({}, { width: 6, layers: 1, length: 8, sharedNegatives: 12, epochs: 1 }),
    openTf,
  })
  run = await openRun(join(folder, 'run'))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe('items that training has never seen', () => {
  it('get rows by the method, and all others keep theirs', () => {
    const { weights } = extended(run, whole.dataset, whole.texts, 'pca')
    const table = weights.get('items.local')!
    expect(table.shape).toEqual([40, 6])
    const numbers = new Map(run.dataset.items.map(({ itemId }, i) => [itemId, i]))
    const trained = run.weights.get('items.local')!.data
    const map = rowMap(run, 'items.local', 'pca', Int32Array.from({ length: 18 }, (_, i) => i + 1)).values
    for (const [i, { itemId, domain }] of whole.dataset.items.entries()) {
      const row = [...table.data.subarray(i * 6, (i + 1) * 6)]
      const known = numbers.get(itemId)
      if (known !== undefined) expect(row).toEqual([...trained.subarray(known * 6, (known + 1) * 6)])
      else if (domain === 'A') {
        const text = whole.texts.rows.subarray(i * 12, (i + 1) * 12)
        for (const [o, value] of row.entries()) {
          expect(value).toBeCloseTo(text.reduce((sum, x, j) => sum + x * map[o * 12 + j]!, map[6 * 12 + o]!), 5)
        }
      }
    }
    const zero = extended(run, whole.dataset, whole.texts, 'zero').weights.get('items.local')!.data
    const cold = whole.dataset.items.findIndex(({ itemId }) => !numbers.has(itemId))
    expect([...zero.subarray(cold * 6, (cold + 1) * 6)]).toEqual(new Array(6).fill(0))
  })

  it('are ranked for those whose target they are, once', async () => {
    const users = coldUsers(run.dataset, whole.dataset)
    expect(users.length).toBeGreaterThan(0)
    expect(users.length).toBeLessThan(30)
    const step = { run: run.dir, embeddings, method: 'ridge' as const, out: join(folder, 'cold-ridge'), openTf }
    const found = await evaluateCold(step)
    expect(found.all.users).toBe(users.length)
    const never = async (): Promise<never> => { throw new Error('nothing was to be computed') }
    expect(await evaluateCold({ ...step, openTf: never })).toEqual(found)
  })
})
