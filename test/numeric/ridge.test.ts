import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { affineOfRidge, chooseRidge, type RidgeRows } from '../../src/numeric/ridge.ts'
import { createRandom } from '../../src/random.ts'

/** With one factor there is nothing to choose. */
const fit = (rows: RidgeRows, lambda: number) => chooseRidge(rows, { lambdas: [lambda] }).ridge

/** y = x * [[1, -2], [3, 0.5]] + [4, 5] + noise. */
function planted (count: number, noise: number) {
  const random = createRandom(3, 'ridge-test')
  const x = new Float64Array(count * 2)
  const y = new Float64Array(count * 2)
  for (let row = 0; row < count; row++) {
    const [a, b] = [random.normal(), random.normal()]
    x.set([a, b], row * 2)
    y.set([a + 3 * b + 4 + noise * random.normal(), -2 * a + 0.5 * b + 5 + noise * random.normal()], row * 2)
  }
  return { x, inputs: 2, y, outputs: 2 }
}

describe('ridge regression', () => {
  it('solves the normal equations of centred rows', () => {
    // x centred: -1, 0, 1; y centred: -2, 0, 2: W = 4 / (2 + lambda).
    const ridge = fit({ x: Float64Array.of(1, 2, 3), inputs: 1, y: Float64Array.of(2, 4, 6), outputs: 1 }, 0.5)
    expect(ridge.weights[0]).toBeCloseTo(1.6, 12)
    expect([...ridge.meanX, ...ridge.meanY]).toEqual([2, 4])
    const { map, offset } = affineOfRidge(ridge)
    expect(map[0]! * 10 + offset[0]!).toBeCloseTo(1.6 * 8 + 4, 5)
  })

  it('equals golden case 35, and gives a cold item its local half', () => {
    const file = new URL('../golden/35_ridge_cold_local.json', import.meta.url)
    const { inputs, expected, tolerance } = JSON.parse(readFileSync(file, 'utf8'))
    const flat = (rows: number[][]) => Float64Array.from(rows.flat())
    const ridge = fit({ x: flat(inputs.E_llm), inputs: 4, y: flat(inputs.E_local_trained), outputs: 2 }, inputs.lam)
    const wanted = [...flat(expected.W), ...expected.mean_x, ...expected.mean_y]
    for (const [i, value] of [...ridge.weights, ...ridge.meanX, ...ridge.meanY].entries()) {
      expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(tolerance)
    }
    const { map, offset } = affineOfRidge(ridge)
    for (const [o, value] of offset.entries()) {
      const cold = inputs.cold_item_llm.reduce((sum: number, x: number, i: number) => sum + map[o * 4 + i]! * x, value)
      expect(Math.abs(cold - expected.cold_local[o])).toBeLessThanOrEqual(tolerance)
    }
  })

  it('finds a planted map, and prefers little shrinking where there is little noise', () => {
    const { ridge, lambda, unexplained } = chooseRidge(planted(200, 0.01))
    expect([...ridge.weights].map((weight) => Math.round(weight * 100) / 100)).toEqual([1, 3, -2, 0.5])
    expect(lambda).toBeLessThanOrEqual(0.1)
    expect(unexplained).toBeLessThan(0.001)
  })

  it('shrinks to the mean where there is nothing to learn', () => {
    const random = createRandom(5, 'noise')
    const draw = () => Float64Array.from({ length: 120 }, () => random.normal())
    const { lambda, unexplained } = chooseRidge({ x: draw(), inputs: 3, y: draw(), outputs: 3 })
    expect(lambda).toBeGreaterThanOrEqual(100)
    expect(unexplained).toBeCloseTo(1, 0)
  })

  it('takes its error from the rows that a fit has not seen', () => {
    // Five rows, five folds: each held-out row is predicted from the four others, checked by hand.
    const x = Float64Array.of(0, 1, 2, 3, 4)
    const y = Float64Array.of(0, 1, 4, 9, 16)
    const { unexplained } = chooseRidge({ x, inputs: 1, y, outputs: 1 }, { lambdas: [1] })
    const left = [0, 1, 2, 3, 4].map((out) => {
      const keep = (values: Float64Array) => values.filter((_, i) => i !== out)
      const { map, offset } = affineOfRidge(fit({ x: keep(x), inputs: 1, y: keep(y), outputs: 1 }, 1))
      return (y[out]! - map[0]! * x[out]! - offset[0]!) ** 2
    })
    expect(unexplained).toBeCloseTo(left.reduce((a, b) => a + b) / 174, 5)
  })

  it('refuses to learn from nothing', () => {
    const none = { x: new Float64Array(0), inputs: 1, y: new Float64Array(0), outputs: 1 }
    expect(() => chooseRidge(none)).toThrow(expect.objectContaining({ code: 'dataset_empty' }))
  })
})
