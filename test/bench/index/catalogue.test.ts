import { expect, it } from 'vitest'
import { shapeOf, widen } from '../../../bench/index/catalogue.ts'
import { makeVectors } from '../../retrieve/candidate-index.contract.ts'

const WIDTH = 16
const base = makeVectors(400, WIDTH, 1)
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value) / values.length

it('a widened catalogue begins with the rows it is made from, and keeps their lengths and distances', () => {
  const wide = widen(base, WIDTH, 4000)
  expect(wide.subarray(0, base.length)).toEqual(base)
  expect(wide.length).toBe(4000 * WIDTH)
  expect(widen(base, WIDTH, 100)).toEqual(base.subarray(0, 100 * WIDTH))
  const [before, after] = [shapeOf(base, WIDTH), shapeOf(wide, WIDTH)]
  expect(mean(after.norms)).toBeCloseTo(mean(before.norms), 2)
  // Ten times the rows lie closer, but not many times closer: no row is the copy of another.
  expect(Math.min(...after.nearest)).toBeGreaterThan(0)
  expect(mean(after.nearest) / mean(before.nearest)).toBeGreaterThan(0.5)
  expect(mean(after.nearest) / mean(before.nearest)).toBeLessThan(1.1)
})

it('a skewed one has lengths that differ as a lognormal with sigma 0.5', () => {
  const { norms } = shapeOf(widen(base, WIDTH, 4000, { skewed: true }), WIDTH)
  const logs = norms.map(Math.log)
  const deviation = Math.sqrt(mean(logs.map((log) => (log - mean(logs)) ** 2)))
  expect(deviation).toBeGreaterThan(0.4)
  expect(deviation).toBeLessThan(0.6)
})
