import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kMeans, lloyd } from '../../src/numeric/kmeans.ts'
import { createRandom } from '../../src/random.ts'

interface KMeansCase {
  inputs: { X: number[][], init_centroids: number[][] }
  expected: { centroids: number[][], labels: number[], inertia: number }
  tolerance: number
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/34_kmeans_fixed_init.json', import.meta.url), 'utf8')
) as KMeansCase
const rows = Float64Array.from(golden.inputs.X.flat())

describe('Lloyd\'s algorithm', () => {
  it('equals the golden case from its start', () => {
    const { centroids, labels, inertia } = lloyd(rows, 2, Float64Array.from(golden.inputs.init_centroids.flat()))
    expect([...labels]).toEqual(golden.expected.labels)
    for (const [i, value] of golden.expected.centroids.flat().entries()) {
      expect(Math.abs(centroids[i]! - value)).toBeLessThanOrEqual(golden.tolerance)
    }
    expect(Math.abs(inertia - golden.expected.inertia)).toBeLessThanOrEqual(golden.tolerance)
  })

  it('leaves the centroid of an empty cluster where it is', () => {
    const { centroids, labels } = lloyd(rows, 2, Float64Array.of(0, 0, 100, 100))
    expect([...centroids.subarray(2)]).toEqual([100, 100])
    expect(labels.includes(1)).toBe(false)
  })

  it('gives a row between two centroids to the first', () => {
    expect([...lloyd(Float64Array.of(1), 1, Float64Array.of(2, 0)).labels]).toEqual([0])
  })

  it('gives labels that belong to the centroids it returns, also when it is cut short', () => {
    const start = Float64Array.of(0.5, 0, 0.6, 0, 0.7, 0)
    const cut = lloyd(rows, 2, start, { iterations: 1 })
    const again = lloyd(rows, 2, cut.centroids, { iterations: 0 })
    expect(cut.labels).toEqual(again.labels)
    expect(cut.inertia).toBe(again.inertia)
  })
})

describe('k-means', () => {
  it('finds the clusters of the golden rows by itself', () => {
    const { labels, inertia } = kMeans(rows, 2, 3)
    expect(inertia).toBeLessThanOrEqual(golden.expected.inertia + golden.tolerance)
    for (const [a, wanted] of golden.expected.labels.entries()) {
      for (const [b, other] of golden.expected.labels.entries()) {
        expect(labels[a] === labels[b]).toBe(wanted === other)
      }
    }
  })

  it('is never worse for more starts, and repeats with its seed', () => {
    const random = createRandom(9, 'rows')
    const cloud = Float32Array.from({ length: 300 * 4 }, () => random.normal())
    const one = kMeans(cloud, 4, 12, { restarts: 1 })
    const many = kMeans(cloud, 4, 12)
    expect(many.inertia).toBeLessThan(one.inertia)
    expect(kMeans(cloud, 4, 12)).toEqual(many)
    expect(kMeans(cloud, 4, 12, { seed: 1, restarts: 1 }).inertia).not.toBe(one.inertia)
  })

  it('starts from rows that lie apart: a far group always gets a centroid', () => {
    const line = Float64Array.from({ length: 200 }, (_, i) => i === 0 ? 1e6 : i % 7)
    for (let seed = 0; seed < 20; seed++) {
      const { labels } = kMeans(line, 1, 2, { seed, restarts: 1, iterations: 1 })
      expect(labels.filter((label) => label === labels[0]).length).toBe(1)
    }
  })

  it('takes equal rows, and as many clusters as rows', () => {
    expect(kMeans(new Float64Array(8).fill(3), 2, 3).inertia).toBe(0)
    expect(kMeans(rows, 2, 12).inertia).toBe(0)
  })

  it('refuses more clusters than rows, and none', () => {
    const refused = expect.objectContaining({ code: 'config_invalid' })
    expect(() => kMeans(rows, 2, 13)).toThrow(refused)
    expect(() => kMeans(rows, 2, 0)).toThrow(refused)
  })
})
