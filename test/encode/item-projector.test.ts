import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { affineLength, applyAffine, createItemProjector, toUnit } from '../../src/encode/item-projector.ts'

/** y = [x0 + 2 x1 + 3, -x0 + 4]. */
const global = { inWidth: 2, outWidth: 2, values: Float32Array.of(1, 2, -1, 0, 3, 4) }
const local = { inWidth: 2, outWidth: 1, values: Float32Array.of(0, 1, -5) }

describe('an affine map', () => {
  it('has its matrix first, row by row, then its offset', () => {
    expect(affineLength(2, 2)).toBe(6)
    expect([...applyAffine(global, Float32Array.of(1, 10))]).toEqual([24, 3])
  })
})

describe('the vector of an item without a trained row', () => {
  it('is its global half and its local half, together of length 1', () => {
    const projector = createItemProjector(global, local, 'unit')
    expect(projector.width).toBe(3)
    const length = Math.hypot(24, 3, 5)
    expect([...projector.project(Float32Array.of(1, 10))]).toEqual([24, 3, 5].map((x) => expect.closeTo(x / length, 6)))
  })

  it('keeps its length where vectors have one of their own, and may lack a local half', () => {
    expect([...createItemProjector(global, undefined, 'none').project(Float32Array.of(1, 10))]).toEqual([24, 3])
  })

  it('is the same to the last bit, however many are computed at once', () => {
    const random = createRandom(1, 'projector')
    const numbers = (length: number) => Float32Array.from({ length }, () => random.normal())
    const map = (outWidth: number) => ({ inWidth: 37, outWidth, values: numbers(affineLength(37, outWidth)) })
    const projector = createItemProjector(map(11), map(5), 'unit')
    const raws = Array.from({ length: 9 }, () => numbers(37))
    const alone = raws.map(projector.project)
    for (const count of [0, 1, 2, 3, 4, 5, 9]) {
      expect(projector.projectAll(raws.slice(0, count))).toEqual(alone.slice(0, count))
    }
    const [global, local] = [map(11), map(5)]
    const plain = createItemProjector(global, local, 'none').projectAll(raws)
    for (const [i, raw] of raws.entries()) {
      expect([...plain[i]!]).toEqual([...applyAffine(global, raw), ...applyAffine(local, raw)])
    }
  })

  it.each([['unit', Number.NaN], ['unit', Infinity], ['none', Number.NaN], ['none', Infinity]] as const)(
    'is refused under %s where a number is %d', (norm, value) => {
      expect(() => createItemProjector(global, local, norm).project(Float32Array.of(value, 1)))
        .toThrow(expect.objectContaining({ code: 'validation_failed' }))
    })

  it('is refused where it has no direction', () => {
    expect(() => toUnit(new Float32Array(3))).toThrow(expect.objectContaining({ code: 'validation_failed' }))
  })
})
