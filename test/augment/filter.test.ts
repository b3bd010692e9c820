import { describe, expect, it } from 'vitest'
import { calibrate, passes, scoreGenerated } from '../../src/augment/filter.ts'
import type { Score, UnitRows } from '../../src/augment/filter.ts'
import { unitRows } from '../../src/numeric/cosine.ts'
import { createRandom } from '../../src/random.ts'
import { golden } from '../nn/golden.ts'

function unit (rows: readonly number[][]): UnitRows {
  const width = rows[0]!.length
  return { rows: unitRows(Float32Array.from(rows.flat()), width), width }
}

function kept (scores: readonly Score[], topK: number, tau: number): number[] {
  return [...scores.keys()].filter((i) => passes(scores[i]!, { topK, tau }))
}

/** Twelve random items against four and three representatives. */
function randomScores (seed: number): Score[] {
  const random = createRandom(seed)
  const rows = (count: number): UnitRows =>
    unit(Array.from({ length: count }, () => [0, 1, 2].map(() => random.normal())))
  return scoreGenerated(rows(12), rows(4), rows(3))
}

describe('the noise filter', () => {
  it('is that of golden case 15: scores, ranks, anchors, and what is kept by which rank and threshold', () => {
    const { inputs, expected, tolerance } = golden<
      { generated: number[][], source_reps: number[][], target_reps: number[][], k: number, tau: number },
      Record<'source_score' | 'target_score' | 'source_rank' | 'anchor_in_source_reps' | 'kept' | 'kept_tau_0_98' |
        'kept_tau_0_96' | 'kept_k_2' | 'kept_k_1' | 'kept_k_5', number[]>
    >('15_edt_noise_filter')
    const { generated, source_reps: source, target_reps: target, k, tau } = inputs
    const scores = scoreGenerated(unit(generated), unit(source), unit(target))
    for (const [i, score] of scores.entries()) {
      expect(Math.abs(score.source - expected.source_score[i]!)).toBeLessThanOrEqual(tolerance)
      expect(Math.abs(score.target - expected.target_score[i]!)).toBeLessThanOrEqual(tolerance)
    }
    expect(scores.map(({ rank }) => rank)).toEqual(expected.source_rank)
    expect(scores.map(({ anchor }) => anchor)).toEqual(expected.anchor_in_source_reps)
    expect(kept(scores, k, tau)).toEqual(expected.kept)
    expect(kept(scores, k, 0.98)).toEqual(expected.kept_tau_0_98)
    expect(kept(scores, k, 0.96)).toEqual(expected.kept_tau_0_96)
    expect(kept(scores, 2, tau)).toEqual(expected.kept_k_2)
    expect(kept(scores, 1, tau)).toEqual(expected.kept_k_1)
    expect(kept(scores, 5, tau)).toEqual(expected.kept_k_5)
  })

  it('never lets more through when the threshold rises or the rank falls', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const scores = randomScores(seed)
      for (const topK of [1, 3, 6, 12]) {
        for (const tau of [-1, 0, 0.5, 0.9]) {
          const some = kept(scores, topK, tau)
          expect(some).toEqual(expect.arrayContaining(kept(scores, topK, tau + 0.2)))
          expect(some).toEqual(expect.arrayContaining(kept(scores, topK - 1, tau)))
        }
      }
    }
  })

  it('needs both: a rank among all that were generated, and a cosine', () => {
    const scores = randomScores(7)
    expect(kept(scores, 12, -1)).toHaveLength(12)
    const near = kept(scores, 3, -1)
    const alike = kept(scores, 12, 0.6)
    expect(near).toHaveLength(3)
    expect(kept(scores, 3, 0.6)).toEqual(near.filter((i) => alike.includes(i)))
    expect(scores.map(({ rank }) => rank).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('takes the latest representative where two are as near, and the first generated where two rank alike', () => {
    const [one, two] = scoreGenerated(unit([[1, 0], [1, 0]]), unit([[1, 1], [0, 1], [1, 1]]), unit([[1, 0]]))
    expect([one!.anchor, one!.rank, two!.rank]).toEqual([2, 1, 2])
  })

  it('has a text that is no direction score 0', () => {
    expect(scoreGenerated(unit([[0, 0]]), unit([[1, 0]]), unit([[0, 1]]))[0]).toMatchObject({ source: 0, target: 0 })
  })
})

describe('the calibrated threshold', () => {
  const through = (targets: readonly number[], tau: number): number => targets.filter((target) => target >= tau).length

  it('lets 0.2 to 0.35 items a user through, whatever the embedder makes of them', () => {
    for (const [least, most] of [[-0.2, 0.3], [0.7, 0.95], [0.05, 0.06]] as const) {
      const random = createRandom(1, `${least}`)
      const targets = Array.from({ length: 700 }, () => least + (most - least) * random.next())
      const rate = through(targets, calibrate(targets, 100)) / 100
      expect(rate).toBeGreaterThanOrEqual(0.2)
      expect(rate).toBeLessThanOrEqual(0.35)
    }
  })

  it('does not let a great number of equal scores through for a few that are missing', () => {
    const targets = [...Array<number>(25).fill(0.9), ...Array<number>(500).fill(0.5)]
    expect(through(targets, calibrate(targets, 100))).toBe(25)
  })

  it('lets all through where there are fewer, and nothing where there is nothing', () => {
    expect(calibrate([0.3, 0.1], 100)).toBe(0.1)
    expect(calibrate([], 100)).toBe(1)
  })
})
