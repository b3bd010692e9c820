import { describe, expect, it, vi } from 'vitest'
import { clusterDomains } from '../../src/pipeline/cluster-items.ts'
import { createMemo, noMemo } from '../../src/pipeline/memo.ts'
import { plantedShop } from '../train/planted.ts'

describe('a memo', () => {
  it('does work of a key once, also for those who ask while it is done', async () => {
    const memo = createMemo()
    const work = vi.fn(async () => ({ answer: 42 }))
    const [first, second] = await Promise.all([memo('a', work), memo('a', work)])
    expect(await memo('a', work)).toBe(first)
    expect(second).toBe(first)
    expect(work).toHaveBeenCalledOnce()
    await memo('b', work)
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('forgets work that failed', async () => {
    const memo = createMemo()
    await expect(memo('a', async () => { throw new Error('once') })).rejects.toThrow('once')
    expect(await memo('a', async () => 1)).toBe(1)
  })

  it('is there in name only where nobody gave one', async () => {
    const work = vi.fn(async () => 1)
    await noMemo('a', work)
    await noMemo('a', work)
    expect(work).toHaveBeenCalledTimes(2)
  })
})

describe('clusters with a memo', () => {
  const { dataset: { domains }, texts: { rows, width } } = plantedShop()
  const options = { clusters: 4, seed: 42 }

  it('are those without one, and are found once for equal rows, number and seed', async () => {
    const memo = createMemo()
    const run = async (more: object = {}, some = rows): Promise<{ found: unknown, runs: number }> => {
      let runs = 0
      const onProgress = (): void => { runs++ }
      const found = await clusterDomains({ rows: some, width }, domains, { ...options, memo, onProgress, ...more })
      return { found, runs }
    }
    const first = await run()
    expect(first.runs).toBeGreaterThan(0)
    expect(first.found).toEqual(await clusterDomains({ rows, width }, domains, options))
    expect(await run({}, rows.slice())).toEqual({ found: first.found, runs: 0 })
    expect((await run({ clusters: 3 })).runs).toBe(first.runs)
    expect((await run({ seed: 43 })).runs).toBe(first.runs)
    // One value differs, in the second domain: that of the first is known.
    const other = rows.slice()
    other[other.length - 1]! += 1
    expect((await run({}, other)).runs).toBe(first.runs / 2)
  })
})
