import { describe, expect, it } from 'vitest'
import { directionsOf, generateTask } from '../../src/augment/directions.ts'
import type { Direction } from '../../src/augment/directions.ts'
import type { Dataset, Item } from '../../src/data/dataset.ts'
import type { Clusters } from '../../src/numeric/kmeans.ts'
import { datasetOf } from '../train/planted.ts'

/** Items 1 to 3 in A, 4 to 6 in B, 7 and 8 in C; of each user the last two events are not trained on. */
const SEQUENCES = [[1, 2, 4, 1, 7, 7], [2, 3, 4, 5], [6, 8, 8, 8]]
const TEXTS = Float32Array.of(0, 0, 1, 0, 5, 5, 0, 1, 0, 2, 9, 9, 3, 3, 4, 4)

function clusters (labels: readonly number[], centroids: readonly number[]): Clusters {
  return { width: 2, labels: Int32Array.from(labels), centroids: Float64Array.from(centroids), inertia: 0 }
}

const CLUSTERS = [
  clusters([0, 0, 1], [0.1, 0, 5, 5]), clusters([0, 0, 1], [0, 1.9, 9, 9]), clusters([0, 0], [3.9, 3.9]),
]

function shopOf (titled = (id: number): Partial<Item> => ({ title: `title ${id}` })): Dataset {
  const dataset = datasetOf([3, 3, 2], SEQUENCES)
  return { ...dataset, items: dataset.items.map((item, i): Item => ({ ...item, ...titled(i + 1) })) }
}

const ASK = { nGenerate: 7, attributes: {}, nouns: { A: 'grocery', B: 'kitchen', C: 'book' } }
const ids = (side: ReadonlyArray<{ id: number }>): number[] => side.map(({ id }) => id)
const named = (all: readonly Direction[]): Record<string, [number[], number[]]> => Object.fromEntries(all.map(
  ({ user, from, to, source, target }) => [`u${user} ${'ABC'[from]!}${'ABC'[to]!}`, [ids(source), ids(target)]]))

describe('the directions of augmentation', () => {
  it('are all ordered pairs whose first domain a user trains on; the catalogue lends what the user has none of', () => {
    expect(named(directionsOf(shopOf(), TEXTS, CLUSTERS))).toEqual({
      // Of cluster 0 of A the user bought 1 and 2, and 1 again later.
      'u0 AB': [[1], [4]],
      'u0 AC': [[1], [8]],
      'u0 BA': [[4], [1]],
      'u0 BC': [[4], [8]],
      // What stands for B in the catalogue: the items nearest to its centroids.
      'u1 AB': [[2, 3], [5, 6]],
      'u1 AC': [[2, 3], [8]],
      'u2 BA': [[6], [1, 3]],
      'u2 BC': [[6], [8]],
      'u2 CA': [[8], [1, 3]],
      'u2 CB': [[8], [6]],
    })
  })

  it('ask with everything that is known of an item, or with what settings name', () => {
    const shop = shopOf((id) => ({ title: `title ${id}`, brand: 'Acme', price: id }))
    const [direction] = directionsOf(shop, TEXTS, CLUSTERS)
    expect(generateTask(shop, direction!, ASK)).toMatchObject({
      template: 'augment-generate/1',
      step: 'augment',
      user: 'u0',
      values: {
        user: 'u0',
        from: 'grocery',
        to: 'kitchen',
        count: 7,
        attributes: ['title', 'brand', 'categories', 'price', 'date', 'features', 'description'],
        chosen: [{ title: 'title 1', brand: 'Acme', price: 1 }],
        typical: [{ title: 'title 4', brand: 'Acme', price: 4 }],
      },
    })
    const { values } = generateTask(shop, direction!, { ...ASK, attributes: { A: ['title'], B: ['title', 'price'] } })!
    expect(values).toMatchObject({
      attributes: ['title', 'price'], chosen: ['title 1'], typical: [{ title: 'title 4', price: 4 }],
    })
  })

  it('ask nothing about choices of which nothing is known', () => {
    const shop = shopOf((id) => id === 1 ? {} : { title: `title ${id}` })
    const [direction] = directionsOf(shop, TEXTS, CLUSTERS)
    expect(generateTask(shop, direction!, ASK)).toBeUndefined()
  })
})
