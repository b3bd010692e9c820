import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface ReductionCase {
  inputs: { item_vecs: number[][], user_vec: number[], slack: number }
  expected: {
    M: number
    extra_coordinate: number[]
    top_ids_by_dot: number[]
    top_ids_by_l2: number[]
    scores: number[]
  }
  tolerance: number
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/31_mips_reduction.json', import.meta.url), 'utf8')
) as ReductionCase

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

// Algebra to know and no index to build: with skewed norms the extra coordinate costs an index half its recall.
describe('the reduction of inner products to distances', () => {
  const { item_vecs: items, user_vec: user, slack } = golden.inputs
  const norms = items.map((item) => Math.sqrt(dot(item, item)))
  const bound = slack * Math.max(...norms)
  const extra = norms.map((norm) => Math.sqrt(bound ** 2 - norm ** 2))
  const scores = items.map((item) => dot(item, user))

  it('has the golden bound, extra coordinates and scores', () => {
    const { M, extra_coordinate: wantedExtra, scores: wantedScores } = golden.expected
    expect(Math.abs(bound - M)).toBeLessThanOrEqual(golden.tolerance)
    for (const [i, value] of wantedExtra.entries()) expect(Math.abs(extra[i]! - value)).toBeLessThanOrEqual(1e-6)
    for (const [i, value] of wantedScores.entries()) expect(Math.abs(scores[i]! - value)).toBeLessThanOrEqual(1e-6)
  })

  it('keeps the order', () => {
    const byDot = [...items.keys()].sort((a, b) => scores[b]! - scores[a]!)
    const lifted = items.map((item, i) => [...item, extra[i]!])
    const distance = (i: number): number =>
      [...user, 0].reduce((sum, x, axis) => sum + (x - lifted[i]![axis]!) ** 2, 0)
    const byDistance = [...items.keys()].sort((a, b) => distance(a) - distance(b))
    expect(byDot).toEqual(golden.expected.top_ids_by_dot)
    expect(byDistance).toEqual(golden.expected.top_ids_by_l2)
  })
})
