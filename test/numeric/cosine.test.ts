import { describe, expect, it } from 'vitest'
import { fourDots, rowDot, unitRows } from '../../src/numeric/cosine.ts'
import { createRandom } from '../../src/random.ts'

const WIDTH = 5
const random = createRandom(1)
const a = Float32Array.from({ length: 6 * WIDTH }, () => random.normal())
const b = Float32Array.from({ length: 9 * WIDTH }, () => random.normal())

describe('rows of length 1', () => {
  it('have cosines for dot products, and leave a row of zeros as it is', () => {
    const unit = unitRows(Float32Array.of(3, 4, 0, 0, -6, 8), 2)
    expect([...unit].map((value) => value.toFixed(6))).toEqual(['0.600000', '0.800000', '0.000000', '0.000000', '-0.600000', '0.800000'])
    expect(rowDot(unit, 0, unit, 2, 2)).toBeCloseTo(0.28, 6)
  })
})

describe('four rows at a time', () => {
  it('have the dot products of one after the other, with some rows of a table', () => {
    const dots = fourDots(a, 1, b, 2, 7, WIDTH)
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 7; j++) expect(dots[i * 7 + j]).toBeCloseTo(rowDot(a, 1 + i, b, 2 + j, WIDTH), 6)
    }
  })

  it('are filled up with zeros where fewer are left', () => {
    const dots = fourDots(a, 4, b, 0, 9, WIDTH)
    expect(dots[1 * 9 + 3]).toBeCloseTo(rowDot(a, 5, b, 3, WIDTH), 6)
    expect([...dots.subarray(2 * 9)].every((dot) => dot === 0)).toBe(true)
  })
})
