import { describe, expect, it } from 'vitest'
import { createNearestCentroids, squaredDistance } from '../../src/numeric/nearest-centroids.ts'
import type { Rows } from '../../src/numeric/nearest-centroids.ts'
import { createRandom } from '../../src/random.ts'

/** Compares all with all. */
function labelsOf (rows: Rows, width: number, centroids: Float64Array): number[] {
  return Array.from({ length: rows.length / width }, (_, row) => {
    let [label, nearest] = [0, Infinity]
    for (let c = 0; c < centroids.length / width; c++) {
      const distance = squaredDistance(rows, row * width, centroids, c * width, width)
      if (distance < nearest) [label, nearest] = [c, distance]
    }
    return label
  })
}

describe('the nearest of moving centroids', () => {
  it.each([['small steps', 0.01], ['steps that shrink', 0.3], ['leaps', 3]])(
    'are those of comparing all with all, after %s', (_, size) => {
      const random = createRandom(3, 'cloud')
      const [n, width, k] = [400, 7, 9]
      const rows = Float32Array.from({ length: n * width }, () => random.normal())
      let centroids = Float64Array.from({ length: k * width }, () => random.normal())
      const nearest = createNearestCentroids(rows, width, k)
      let last: number[] = Array.from({ length: n }, () => -1)
      for (let step = 0; step < 60; step++) {
        const changed = nearest.assign(centroids)
        const wanted = labelsOf(rows, width, centroids)
        expect([...nearest.labels]).toEqual(wanted)
        expect(changed).toBe(wanted.filter((label, row) => label !== last[row]).length)
        last = wanted
        // Some stay, as near the end of a run of k-means.
        const factor = size * 0.9 ** step
        centroids = centroids.map((value, i) =>
          Math.floor(i / width) % 3 === step % 3 ? value : value + factor * random.normal())
      }
    })

  it('give a row that lies between two to the first, also when it was the other\'s', () => {
    const nearest = createNearestCentroids(Float64Array.of(0, 1), 1, 2)
    nearest.assign(Float64Array.of(5, 0))
    expect([...nearest.labels]).toEqual([1, 1])
    expect(nearest.assign(Float64Array.of(2, 0))).toBe(1)
    expect([...nearest.labels]).toEqual([1, 0])
    expect(nearest.assign(Float64Array.of(-1, 1))).toBe(2)
    expect([...nearest.labels]).toEqual([0, 1])
  })

  it('compare few rows once centroids hardly move', () => {
    const random = createRandom(4, 'cloud')
    let reads = 0
    const rows = new Proxy(Float64Array.from({ length: 100 * 4 }, () => random.normal()), {
      get (target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++
        return Reflect.get(target, key, target) as unknown
      },
    })
    const centroids = Float64Array.from({ length: 8 * 4 }, () => random.normal())
    const nearest = createNearestCentroids(rows, 4, 8)
    nearest.assign(centroids)
    const all = reads
    expect(all).toBeGreaterThan(100 * 4)
    reads = 0
    nearest.assign(centroids.map((value) => value + 1e-4))
    expect(reads).toBeLessThan(all / 10)
  })

  it('measure distances of any width', () => {
    const [a, b] = [Float32Array.of(9, 1, 2, 3, 4, 5, 6), Float64Array.of(1, 1, 1, 1, 1, 2)]
    expect([0, 1, 3, 4, 6].map((length) => squaredDistance(a, 1, b, 0, length))).toEqual([0, 0, 5, 14, 46])
  })
})
