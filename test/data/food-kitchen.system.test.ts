import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../src/data/dataset-files.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'

const input = resolve(import.meta.dirname, '../../../shared/data/food-kitchen')
const absent = !existsSync(input) && process.env.CI === undefined

describe.skipIf(absent)(`prepare on food-kitchen${absent ? ` (skipped: ${input} is not here)` : ''}`, () => {
  let folder: string
  let dataset: Dataset
  const run = (given: Record<string, unknown>, name = 'dataset') =>
    prepare({ inputs: [input], out: join(folder, name), settings: prepareSettings(given) })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-food-kitchen-'))
    await run({ kCore: 'none' })
    dataset = await openDataset(join(folder, 'dataset'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('finds every user, event and item that its readme names', () => {
    expect(dataset.users.length).toBe(7144)
    expect(dataset.events.length).toBe(165_229)
    expect(dataset.domains).toEqual([
      { name: 'food', size: 7601, offset: 0 }, { name: 'kitchen', size: 15_756, offset: 7601 },
    ])
    expect(dataset.items.every(({ title }) => title !== undefined)).toBe(true)
  })

  it('leaves out no row, and tells the share of neighbours with one time', async () => {
    const { manifest, skipped } = await run({ kCore: 'none' })
    expect(skipped).toBe(true)
    expect(manifest).toMatchObject({
      badRows: { interactions: { rows: 165_229, bad: 0 }, items: { rows: 23_357, bad: 0 } },
      timestamps: { 'interactions.csv.gz': 's' },
      kCoreRounds: 0,
    })
    expect((manifest.statistics as { tiedShare: number }).tiedShare).toBeCloseTo(0.30, 2)
  })

  it('orders each history by time, and draws candidates from the target\'s domain outside of it', () => {
    const { offsets, events, times, candidates } = dataset
    for (const u of dataset.users.keys()) {
      const [from, to] = [offsets[u]!, offsets[u + 1]!]
      for (let at = from + 1; at < to; at++) if (times[at]! < times[at - 1]!) expect.fail(`user ${u} goes back in time`)
      const history = new Set(events.subarray(from, to))
      const food = events[to - 1]! <= 7601
      for (const id of candidates.test.subarray(u * 100, (u + 1) * 100)) {
        if (history.has(id) || (id <= 7601) !== food || id < 1) expect.fail(`candidate ${id} of user ${u}`)
      }
    }
  })

  it('gives the same digest when it is made again elsewhere', async () => {
    const { manifest } = await run({ kCore: 'none' }, 'again')
    expect(manifest.digest).toBe(dataset.digest)
  })

  it('has a 5,3-core in which every user has five events and every item three', async () => {
    const { manifest } = await run({}, 'core')
    const core = await openDataset(join(folder, 'core'))
    const counts = new Int32Array(core.items.length)
    for (const id of core.events) counts[id - 1]!++
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3)
    for (const u of core.users.keys()) expect(core.offsets[u + 1]! - core.offsets[u]!).toBeGreaterThanOrEqual(5)
    expect(manifest.kCoreRounds).toBeGreaterThan(0)
  })
})
