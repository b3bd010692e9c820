import { describe, expect, it } from 'vitest'
import { geometry } from '../../../src/pipeline/study/geometry.ts'

const domains = [{ name: 'A', offset: 0, size: 3 }, { name: 'B', offset: 3, size: 3 }]

describe('the geometry of items', () => {
  it('is aligned where each domain lies on the other, whatever the lengths, and is not where they are opposite', () => {
    const a = [1, 0, 0, 1, -1, 0]
    expect(geometry(Float32Array.of(...a, ...a.map((value) => 7 * value)), 2, domains).alignment).toBeCloseTo(0, 6)
    const apart = geometry(Float32Array.of(1, 0, 1, 0, 1, 0, -1, 0, -1, 0, -1, 0), 2, domains)
    // Opposite directions are 4 apart; 6 of 15 pairs are equal, 9 are opposite.
    expect(apart.alignment).toBeCloseTo(4, 6)
    expect(apart.uniformity).toBeCloseTo(Math.log((6 + 9 * Math.exp(-8)) / 15), 6)
    expect(apart.map.map(({ domain, points }) => [domain, points.length])).toEqual([['A', 3], ['B', 3]])
  })
})
