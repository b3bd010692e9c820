import { describe, expect, it } from 'vitest'
import type { Evaluation } from '../../src/evaluate/evaluate.ts'
import { comparePaired } from '../../src/evaluate/significance.ts'
import { twoSidedP } from '../../src/evaluate/student-t.ts'
import { createRandom } from '../../src/random.ts'

function evaluationOf (ranks: readonly number[]): Evaluation {
  return {
    split: 'test',
    mode: 'full',
    users: Int32Array.from(ranks.keys()),
    ranks: Int32Array.from(ranks),
    domains: new Int32Array(ranks.length),
  }
}

describe('two-sided p of Student\'s t', () => {
  // With one and two degrees of freedom p has a closed form; the others are the table's 5 % and 1 % points.
  it.each([
    [1, 1, 0.5],
    [2, 2, 1 - 2 / Math.sqrt(6)],
    [12.7062047364, 1, 0.05],
    [2.2281388520, 10, 0.05],
    [3.1692726726, 10, 0.01],
    [1.9623390808, 1000, 0.05],
    [-2.5758293, 1e7, 0.01],
    [0, 7, 1],
    [Infinity, 5, 0],
  ])('of t = %d with %d degrees is %d', (t, freedom, p) => {
    expect(twoSidedP(t, freedom)).toBeCloseTo(p, 7)
  })
})

describe('a paired comparison', () => {
  it('gives the t and p of a hand-worked case', () => {
    // Differences 1, 2, 3, 4: mean 2.5, deviation 1.2910, t = 3.8730, p = 0.030466 with three degrees.
    const gain = (rank: number): number => rank
    const result = comparePaired([evaluationOf([2, 4, 6, 8])], [evaluationOf([1, 2, 3, 4])], { gain })
    expect(result).toMatchObject({ users: 4, difference: 2.5 })
    expect(result.t).toBeCloseTo(3.872983, 6)
    expect(result.p).toBeCloseTo(0.030466, 6)
    expect(result.interval[0]).toBeGreaterThanOrEqual(1)
    expect(result.interval[1]).toBeLessThanOrEqual(4)
    expect(result.interval[0]).toBeLessThan(result.interval[1])
  })

  it('finds nothing between a system and itself', () => {
    const evaluation = evaluationOf([0, 5, 30])
    expect(comparePaired([evaluation], [evaluation])).toMatchObject({ difference: 0, t: 0, p: 1, interval: [0, 0] })
  })

  it('does not call noise a difference, and sees one that is there', () => {
    const random = createRandom(11, 'ranks')
    const draw = (limit: number): number[] => Array.from({ length: 2000 }, () => random.integer(limit))
    const [first, second, better] = [draw(50), draw(50), draw(30)]
    expect(comparePaired([evaluationOf(first)], [evaluationOf(second)]).p).toBeGreaterThan(0.01)
    const seen = comparePaired([evaluationOf(better)], [evaluationOf(second)])
    expect(seen.p).toBeLessThan(1e-6)
    expect(seen.interval[0]).toBeGreaterThan(0)
  })

  it('takes a user\'s mean over the seeds of a system', () => {
    const gain = (rank: number): number => rank
    const result = comparePaired(
      [evaluationOf([1, 4, 5, 9]), evaluationOf([3, 4, 7, 7])], [evaluationOf([1, 2, 3, 4])], { gain })
    expect(result).toMatchObject({ users: 4, difference: 2.5 })
    expect(result.t).toBeCloseTo(3.872983, 6)
  })

  it('repeats with its seed', () => {
    const random = createRandom(2, 'ranks')
    const draw = (): number[] => Array.from({ length: 60 }, () => random.integer(12))
    const pair = [[evaluationOf(draw())], [evaluationOf(draw())]] as const
    expect(comparePaired(...pair, { seed: 1 })).toEqual(comparePaired(...pair, { seed: 1 }))
    expect(comparePaired(...pair, { seed: 1 }).interval).not.toEqual(comparePaired(...pair, { seed: 2 }).interval)
  })

  it('refuses evaluations that do not belong together', () => {
    const refused = expect.objectContaining({ code: 'config_invalid' })
    const [two, three] = [evaluationOf([1, 2]), evaluationOf([1, 2, 3])]
    expect(() => comparePaired([two], [three])).toThrow(refused)
    expect(() => comparePaired([two, three], [two])).toThrow(refused)
    expect(() => comparePaired([two], [{ ...two, split: 'valid' }])).toThrow(refused)
    expect(() => comparePaired([evaluationOf([1])], [evaluationOf([1])])).toThrow(refused)
    expect(() => comparePaired([two], [])).toThrow(refused)
  })
})
