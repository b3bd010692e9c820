import { IsthmusError } from '../errors.ts'
import { createRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { createNearestCentroids, squaredDistance } from './nearest-centroids.ts'
import type { Rows } from './nearest-centroids.ts'

export interface Clusters {
  readonly width: number
  /** Row-major [k, width]. */
  readonly centroids: Float64Array
  /** The nearest centroid of each row; the lowest index on a tie. */
  readonly labels: Int32Array
  /** Sum of the squared distances of the rows to their centroids. */
  readonly inertia: number
}

export interface LloydOptions {
  readonly iterations?: number
  /** Stops once the centroids' summed squared shift is at most this share of the columns' mean variance. */
  readonly tolerance?: number
}

export interface KMeansOptions extends LloydOptions {
  readonly seed?: number
  readonly restarts?: number
}

/**
 * k-means of row-major [n, width]: the best of ten runs of Lloyd's algorithm from k-means++ starts (Arthur and
 * Vassilvitskii, 2007). Costs restarts x iterations x n x k x width steps at most; the later iterations of a run
 * compare few rows.
 * @throws config_invalid unless 1 <= k <= n.
 */
export function kMeans (rows: Rows, width: number, k: number, options: KMeansOptions = {}): Clusters {
  return [...kMeansRuns(rows, width, k, options)].at(-1)!
}

/** `kMeans` one run after the other, for callers with other things to do between: each time the best so far. */
export function * kMeansRuns (
  rows: Rows, width: number, k: number, { seed = 42, restarts = 10, ...options }: KMeansOptions = {}
): Generator<Clusters, void> {
  const count = rows.length / width
  if (k < 1 || k > count || restarts < 1) {
    throw new IsthmusError('config_invalid', `${k} clusters of ${count} rows, ${restarts} starts`)
  }
  const random = createRandom(seed, 'k-means')
  let best: Clusters | undefined
  for (let run = 0; run < restarts; run++) {
    const found = lloyd(rows, width, plusPlus(rows, width, k, random), options)
    if (best === undefined || found.inertia < best.inertia) best = found
    yield best
  }
}

/** Lloyd's algorithm from given centroids, row-major [k, width]; a cluster without rows keeps its centroid. */
export function lloyd (
  rows: Rows, width: number, start: Float64Array, { iterations = 300, tolerance = 1e-4 }: LloydOptions = {}
): Clusters {
  const enough = tolerance * meanVariance(rows, width)
  const nearest = createNearestCentroids(rows, width, start.length / width)
  let centroids = start
  for (let i = 0; i < iterations; i++) {
    if (nearest.assign(centroids) === 0) break
    const moved = means(rows, width, nearest.labels, centroids)
    const shift = squaredDistance(moved, 0, centroids, 0, centroids.length)
    centroids = moved
    if (shift <= enough) break
  }
  // Labels belong to the final centroids, also where tolerance or the limit ended the loop.
  nearest.assign(centroids)
  return { width, centroids, labels: nearest.labels, inertia: inertiaOf(rows, width, nearest.labels, centroids) }
}

/** Starts that lie apart: each next one is a row drawn by its squared distance to the nearest start so far. */
function plusPlus (rows: Rows, width: number, k: number, random: Random): Float64Array {
  const count = rows.length / width
  const starts = new Float64Array(k * width)
  const nearest = new Float64Array(count).fill(Infinity)
  let chosen = random.integer(count)
  for (let c = 0; ; c++) {
    starts.set(rows.subarray(chosen * width, (chosen + 1) * width), c * width)
    if (c === k - 1) return starts
    let total = 0
    for (let row = 0; row < count; row++) {
      nearest[row] = Math.min(nearest[row]!, squaredDistance(rows, row * width, starts, c * width, width))
      total += nearest[row]!
    }
    chosen = total === 0 ? random.integer(count) : drawByWeight(nearest, random.next() * total)
  }
}

function drawByWeight (weights: Float64Array, at: number): number {
  let sum = 0
  let last = 0
  for (const [i, weight] of weights.entries()) {
    if (weight === 0) continue
    sum += weight
    last = i
    if (sum > at) break
  }
  return last
}

function inertiaOf (rows: Rows, width: number, labels: Int32Array, centroids: Float64Array): number {
  let sum = 0
  for (const [row, label] of labels.entries()) {
    sum += squaredDistance(rows, row * width, centroids, label * width, width)
  }
  return sum
}

function means (rows: Rows, width: number, labels: Int32Array, previous: Float64Array): Float64Array {
  const sums = new Float64Array(previous.length)
  const sizes = new Int32Array(previous.length / width)
  for (const [row, label] of labels.entries()) {
    sizes[label] = sizes[label]! + 1
    const [to, from] = [label * width, row * width]
    for (let i = 0; i < width; i++) sums[to + i] = sums[to + i]! + rows[from + i]!
  }
  return sums.map((sum, i) => {
    const size = sizes[Math.floor(i / width)]!
    return size === 0 ? previous[i]! : sum / size
  })
}

function meanVariance (rows: Rows, width: number): number {
  const count = rows.length / width
  let total = 0
  for (let i = 0; i < width; i++) {
    let sum = 0
    for (let at = i; at < rows.length; at += width) sum += rows[at]!
    const mean = sum / count
    for (let at = i; at < rows.length; at += width) total += (rows[at]! - mean) ** 2
  }
  return total / rows.length
}
