import type { Domain } from '../../data/dataset.ts'
import { unitRows } from '../../numeric/cosine.ts'
import { fitPca, projectPca } from '../../numeric/pca.ts'
import { createRandom } from '../../random.ts'

/** How items of several domains lie beside each other, on directions of their vectors. */
export interface Geometry {
  /** Mean squared distance of an item from the nearest one of another domain: 0 where domains lie in one place. */
  readonly alignment: number
  /** log of the mean of exp(-2 |x - y|^2) over pairs (Wang and Isola, 2020): the lower, the more evenly they lie. */
  readonly uniformity: number
  /** Some items of each domain by the first two principal components of them all. */
  readonly map: ReadonlyArray<{ readonly domain: string, readonly points: ReadonlyArray<readonly [number, number]> }>
}

const SAMPLE = 500

/** The same items are looked at each time. @param vectors of all items [items, width], row g - 1 for global id g */
export function geometry (vectors: Float32Array, width: number, domains: readonly Domain[]): Geometry {
  const groups = domains.map(({ name, offset, size }) => {
    const rows = createRandom(42, `geometry/${name}`).shuffle(Int32Array.from({ length: size }, (_, i) => offset + i))
    return Array.from(rows.slice(0, SAMPLE), (row) =>
      unitRows(vectors.subarray(row * width, (row + 1) * width), width))
  })
  const all = groups.flat()
  const flat = new Float32Array(all.length * width)
  for (const [i, row] of all.entries()) flat.set(row, i * width)
  const places = projectPca(fitPca(flat, width, 2), flat)
  let at = 0
  const map = groups.map((group, k) => ({
    domain: domains[k]!.name,
    points: group.map(() => [places[2 * at]!, places[2 * at++ + 1]!] as const),
  }))
  const nearest = groups.flatMap((group, k) => {
    const others = groups.flatMap((other, j) => j === k ? [] : other)
    return group.map((x) => others.reduce((least, y) => Math.min(least, distance(x, y)), Infinity))
  })
  let sum = 0
  let pairs = 0
  for (const [i, x] of all.entries()) {
    for (let j = 0; j < i; j++, pairs++) sum += Math.exp(-2 * distance(x, all[j]!))
  }
  return { alignment: nearest.reduce((a, b) => a + b, 0) / nearest.length, uniformity: Math.log(sum / pairs), map }
}

/** Squared. */
function distance (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return sum
}
