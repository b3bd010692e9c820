import { describe, expect, it } from 'vitest'
import { medoids, representatives } from '../../src/augment/representatives.ts'
import { golden } from '../nn/golden.ts'

describe('the representatives of a user', () => {
  it('are those of golden case 14: the latest item of each cluster, in order of time', () => {
    const { inputs, expected } = golden<
      { sequence: number[], cluster_of_item: Record<string, number> },
      { representative_positions: number[], representative_items: number[] }
    >('14_edt_representatives')
    const found = representatives(inputs.sequence, (id) => inputs.cluster_of_item[id])
    expect(found.map(({ position }) => position)).toEqual(expected.representative_positions)
    expect(found.map(({ id }) => id)).toEqual(expected.representative_items)
  })

  it('are at the latest place of an item that comes again, and never of an item without a cluster', () => {
    const clusters: Record<number, number> = { 1: 0, 2: 1 }
    expect(representatives([1, 2, 9, 1, 9], (id) => clusters[id]))
      .toEqual([{ id: 2, position: 1 }, { id: 1, position: 3 }])
    expect(representatives([9], (id) => clusters[id])).toEqual([])
  })
})

describe('the medoids of clusters', () => {
  it('are the rows nearest to the centroids, and none of a cluster without rows', () => {
    const rows = Float32Array.of(0, 0, 1, 0, 0.4, 0, 9, 9, 8, 8)
    const centroids = Float64Array.of(0.5, 0, 50, 50, 8.4, 8.4)
    expect(medoids(rows, { width: 2, centroids, labels: Int32Array.of(0, 0, 0, 2, 2), inertia: 0 })).toEqual([2, 4])
  })
})
