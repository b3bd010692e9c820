import { describe, expect, it } from 'vitest'
import { groupByLength } from '../../src/encode/length-groups.ts'
import { createRandom } from '../../src/random.ts'

const lengthsOf = (lengths: readonly number[], groups: readonly number[][]): number[][] =>
  groups.map((rows) => rows.map((row) => lengths[row]!)).reverse()

describe('rows in runs of like lengths', () => {
  it('are split where padding costs more than a run', () => {
    const lengths = [50, 5, 6, 49, 5, 50, 7]
    expect(lengthsOf(lengths, groupByLength(lengths, 28))).toEqual([[5, 5, 6, 7], [49, 50, 50]])
  })

  it('stay together where a run costs more than padding', () => {
    expect(groupByLength([50, 5, 6, 49], 1000)).toEqual([[1, 2, 3, 0]])
    expect(groupByLength([7, 7, 7], 28)).toEqual([[0, 1, 2]])
    expect(groupByLength([], 28)).toEqual([])
  })

  it('count an empty row as one position, since its run has one', () => {
    expect(groupByLength([0, 1, 0], 0.5)).toEqual([[0, 2, 1]])
  })

  it('cost as little as any split of neighbours by length does', () => {
    const random = createRandom(1, 'length-groups')
    for (let trial = 0; trial < 30; trial++) {
      const lengths = Array.from({ length: 1 + random.integer(9) }, () => random.integer(50))
      const sorted = lengths.toSorted((a, b) => a - b)
      const perRun = random.integer(40)
      const cost = (runs: readonly number[][]): number =>
        runs.reduce((sum, run) => sum + perRun + run.length * Math.max(1, ...run), 0)
      let least = Infinity
      for (let cuts = 0; cuts < 2 ** (sorted.length - 1); cuts++) {
        const runs: number[][] = [[]]
        for (const [i, length] of sorted.entries()) {
          runs.at(-1)!.push(length)
          if ((cuts >> i) % 2 === 1) runs.push([])
        }
        least = Math.min(least, cost(runs.filter((run) => run.length > 0)))
      }
      expect(cost(lengthsOf(lengths, groupByLength(lengths, perRun)))).toBe(least)
    }
  })
})
