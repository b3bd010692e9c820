import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { affineOfPca, fitPca, projectPca } from '../../src/numeric/pca.ts'
import { createRandom } from '../../src/random.ts'

interface PcaCase {
  inputs: { E_llm_domain: number[][], d: number, cold_item_llm: number[] }
  expected: {
    mean: number[]
    components: number[][]
    local_init: number[][]
    explained_variance: number[]
    cold_item_local: number[]
  }
  tolerance: number
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/09_pca_init.json', import.meta.url), 'utf8')
) as PcaCase

function expectClose (actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance)
}

function normalRows (count: number, width: number): Float32Array {
  const random = createRandom(7, 'pca-test')
  // Columns of different spread that also lean on each other.
  return Float32Array.from({ length: count * width }, (_, i) => random.normal() * (1 + i % width) + (i % 3))
}

describe('principal components', () => {
  const rows = Float64Array.from(golden.inputs.E_llm_domain.flat())
  const pca = fitPca(rows, 4, golden.inputs.d)

  it('equal the golden case: mean, components with their signs, variances', () => {
    expectClose(pca.mean, golden.expected.mean, golden.tolerance)
    expectClose(pca.components, golden.expected.components.flat(), golden.tolerance)
    expectClose(pca.variance, golden.expected.explained_variance, golden.tolerance)
  })

  it('project training rows and a cold row to the golden vectors', () => {
    expectClose(projectPca(pca, rows), golden.expected.local_init.flat(), golden.tolerance)
    const cold = Float64Array.from(golden.inputs.cold_item_llm)
    expectClose(projectPca(pca, cold), golden.expected.cold_item_local, golden.tolerance)
  })

  it('are one affine map', () => {
    const { map, offset } = affineOfPca(pca)
    const cold = golden.inputs.cold_item_llm
    const mapped = [0, 1].map((c) => cold.reduce((sum, x, i) => sum + map[c * 4 + i]! * x, offset[c]!))
    expectClose(mapped, golden.expected.cold_item_local, 1e-6)
  })

  it('give projected rows of mean 0 and diagonal covariance, variances falling', () => {
    const local = projectPca(fitPca(normalRows(400, 24), 24, 10), normalRows(400, 24))
    const { variance } = fitPca(normalRows(400, 24), 24, 10)
    for (let a = 0; a < 10; a++) {
      let mean = 0
      for (let r = 0; r < 400; r++) mean += local[r * 10 + a]! / 400
      expect(Math.abs(mean)).toBeLessThan(1e-5)
      for (let b = 0; b < 10; b++) {
        let sum = 0
        for (let r = 0; r < 400; r++) sum += local[r * 10 + a]! * local[r * 10 + b]!
        expect(Math.abs(sum / 399 - (a === b ? variance[a]! : 0))).toBeLessThan(1e-3)
      }
    }
    expect([...variance]).toEqual([...variance].sort((a, b) => b - a))
  })

  it('have orthonormal components even where the rows do not span the space', () => {
    const { components, variance } = fitPca(normalRows(5, 24), 24, 20)
    for (let a = 0; a < 20; a++) {
      for (let b = 0; b <= a; b++) {
        let dot = 0
        for (let i = 0; i < 24; i++) dot += components[a * 24 + i]! * components[b * 24 + i]!
        expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-12)
      }
    }
    expect(Math.max(...variance.subarray(4))).toBeLessThan(1e-9)
  })

  it('have a positive entry of largest magnitude each, whatever the rows\' own signs', () => {
    const rows = normalRows(60, 12)
    for (const { components } of [fitPca(rows, 12, 12), fitPca(rows.map((x, i) => i % 2 ? -x : x), 12, 12)]) {
      for (let c = 0; c < 12; c++) {
        const component = components.subarray(c * 12, (c + 1) * 12)
        expect(Math.max(...component)).toBeGreaterThan(-Math.min(...component))
      }
    }
  })

  it('survive equal rows', () => {
    const { components, variance } = fitPca(new Float32Array(12).fill(2), 4, 2)
    expect([...variance]).toEqual([0, 0])
    expect(components.every(Number.isFinite)).toBe(true)
  })

  it('are equal to the bit when fitted twice', () => {
    expect(fitPca(normalRows(50, 8), 8, 4)).toEqual(fitPca(normalRows(50, 8), 8, 4))
  })

  it('cannot outnumber the columns, nor come from no rows', () => {
    expect(() => fitPca(rows, 4, 5)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(() => fitPca(new Float32Array(0), 4, 2)).toThrow(IsthmusError)
  })
})
