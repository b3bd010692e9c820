import { describe, expect, it } from 'vitest'
import { ratioOf } from '../../../bench/engine/bench-engine.ts'
import { drawHistories, encoderFeeds, encoderGraphs, SHAPE } from '../../../bench/engine/encoders.ts'
import { joinTopK } from '../../../bench/engine/joined.ts'
import { packHistory, unpackHistory } from '../../../bench/engine/packed-history.ts'
import { leverTable } from '../../../bench/engine/report.ts'
import { openScan } from '../../../src/encode/scan.ts'
import { openSession, type OrtTensor } from '../../../src/encode/ort.ts'
import { createRandom } from '../../../src/random.ts'

async function run (model: Uint8Array, feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>> {
  const session = await openSession(model, { provider: 'cpu' })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

describe('both ways of a lever give the same', () => {
  const { last, all } = encoderGraphs()
  const histories = drawHistories(3, createRandom(1))
  const feeds = (padTo?: number) => encoderFeeds(histories, createRandom(2), padTo)

  it('user vectors: with all positions of the last layer, and with more padding', async () => {
    const wanted = (await run(last, feeds())).user_vec!.data as Float32Array
    for (const [model, padTo] of [[all, undefined], [last, SHAPE.length]] as const) {
      const found = (await run(model, feeds(padTo))).user_vec!.data as Float32Array
      expect(found).toHaveLength(3 * SHAPE.userWidth)
      for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 4)
    }
  })

  it('items: from one graph and from two runs', async () => {
    const random = createRandom(3)
    const items = 40
    const base = Float32Array.from({ length: items * SHAPE.userWidth }, () => random.normal())
    const users = (await run(last, feeds())).user_vec!.data as Float32Array
    const exact = await openScan(base, SHAPE.userWidth, { provider: 'cpu' })
    const mask = Uint8Array.from({ length: 3 * items }, (_, i) => i % 7 === 0 ? 0 : 1)
    const wider = new Uint8Array(3 * (items + 1))
    for (let q = 0; q < 3; q++) wider.set(mask.subarray(q * items, (q + 1) * items), q * (items + 1))
    const wanted = await exact.search(users, wider, new Float32Array(SHAPE.userWidth), 5)
    await exact.close()
    const found = await run(joinTopK(last, base, SHAPE.userWidth), {
      ...feeds(),
      found: { type: 'bool', data: mask, dims: [3, items] },
      k: { type: 'int64', data: BigInt64Array.of(5n), dims: [1] },
    })
    expect(Array.from(found.columns!.data as BigInt64Array, Number)).toEqual([...wanted.columns])
  })

  it('a history: packed and not', () => {
    expect(unpackHistory(packHistory([['a', 1_700_000_000_000], ['item-2', 5]]))).toEqual([
      { itemId: 'a', timestamp: 1_700_000_000_000 }, { itemId: 'item-2', timestamp: 5 },
    ])
  })
})

describe('the table of levers', () => {
  it('has the middle of the ratios of neighbouring slices', () => {
    const micros = { before: [100, 200, 50], after: [50, 80, 40] }
    expect(ratioOf({ micros })).toBe(0.5)
    const table = leverTable([{
      name: 'x', before: 'off', after: 'on', used: 'after', clock: 'cpu', perCall: 1, micros,
    }], { items: 20_000, rounds: 3 })
    expect(table).toContain('| x | off | 100 | on | 50 | 0.50 | after |')
    expect(table).toContain('20,000 unit vectors')
  })
})
