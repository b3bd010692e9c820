import { describe, expect, it } from 'vitest'
import { domainRatio } from '../../src/data/domain-ratio.ts'
import { golden } from '../nn/golden.ts'

interface Case { r: number, option: number, dominant: 'A' | 'B' | null }

describe('the domain ratio', () => {
  const { inputs, expected, tolerance } =
    golden<{ counts_nA_nB: Array<[number, number]> }, { cases: Case[] }>('17_edt_domain_ratio_option')

  it.each(inputs.counts_nA_nB.map((counts, i) => ({ counts, wanted: expected.cases[i]! })))(
    'of $counts is that of golden case 17', ({ counts: [a, b], wanted }) => {
      const { ratio, option, dominant } = domainRatio(a, b)
      expect(Math.abs(ratio - wanted.r)).toBeLessThanOrEqual(tolerance)
      expect([option, dominant?.toUpperCase() ?? null]).toEqual([wanted.option, wanted.dominant])
    })

  it('is the same seen from either side, but for who is larger', () => {
    for (let a = 0; a < 12; a++) {
      for (let b = 0; b < 12; b++) {
        const [one, other] = [domainRatio(a, b), domainRatio(b, a)]
        expect([one.ratio, one.option]).toEqual([other.ratio, other.option])
        expect(one.dominant === undefined).toBe(a === b)
        if (a !== b) expect(one.dominant).not.toBe(other.dominant)
        if (a + b > 0 && (a === 0 || b === 0)) expect([one.ratio, one.option]).toEqual([1, 4])
      }
    }
  })
})
