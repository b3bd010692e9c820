export type Rows = Float32Array | Float64Array

/** Bounds are of rounded distances: a comparison is spared only where they differ by more than rounding could. */
const SURE = 1 - 1e-9

export interface NearestCentroids {
  /** The nearest centroid of each row as of the last `assign`; the lowest index on a tie. */
  readonly labels: Int32Array
  /** Finds the nearest of these centroids, row-major [k, width], for each row; gives how many rows have another one. */
  assign: (centroids: Float64Array) => number
}

/**
 * The nearest of k slowly moving centroids, for each row of row-major [n, width]. Between two calls it keeps how far a
 * row can be from its own centroid and how near each other one can have come, n x k numbers, and compares only where
 * those meet: the labels are those of comparing all with all, for less work (Elkan, Using the triangle inequality to
 * accelerate k-means, ICML 2003).
 */
export function createNearestCentroids (rows: Rows, width: number, k: number): NearestCentroids {
  const count = rows.length / width
  const labels = new Int32Array(count)
  const most = new Float64Array(count).fill(Infinity)
  const least = new Float64Array(count * k)
  let previous: Float64Array | undefined

  /** Compares a row with each centroid that can be as near as its own. */
  function search (row: number, centroids: Float64Array, gaps: Float64Array): void {
    let label = labels[row]!
    const squared = (c: number): number => {
      const found = squaredDistance(rows, row * width, centroids, c * width, width)
      least[row * k + c] = Math.sqrt(found)
      return found
    }
    let nearest: number | undefined
    for (let c = 0; c < k; c++) {
      const bound = Math.max(least[row * k + c]!, gaps[label * k + c]! / 2) * SURE
      if (c === label || most[row]! < bound) continue
      if (nearest === undefined) {
        nearest = squared(label)
        most[row] = Math.sqrt(nearest)
        if (most[row]! < bound) continue
      }
      const distance = squared(c)
      if (distance > nearest || (distance === nearest && c > label)) continue
      nearest = distance
      most[row] = Math.sqrt(distance)
      label = c
    }
    labels[row] = label
  }

  return {
    labels,

    assign (centroids) {
      const shifts = distances(previous ?? centroids, centroids, width)
      const gaps = gapsOf(centroids, width)
      const first = previous === undefined
      previous = centroids
      let changed = 0
      for (let row = 0; row < count; row++) {
        const label = labels[row]!
        most[row] = most[row]! + shifts[label]!
        for (let c = 0; c < k; c++) least[row * k + c] = least[row * k + c]! - shifts[c]!
        search(row, centroids, gaps)
        if (first || labels[row] !== label) changed++
      }
      return changed
    },
  }
}

/** Unrolled: one sum would have each addition wait for the one before. */
export function squaredDistance (a: Rows, fromA: number, b: Rows, fromB: number, length: number): number {
  let [s0, s1, s2, s3, i] = [0, 0, 0, 0, 0]
  for (; i + 3 < length; i += 4) {
    const d0 = a[fromA + i]! - b[fromB + i]!
    const d1 = a[fromA + i + 1]! - b[fromB + i + 1]!
    const d2 = a[fromA + i + 2]! - b[fromB + i + 2]!
    const d3 = a[fromA + i + 3]! - b[fromB + i + 3]!
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
  }
  for (; i < length; i++) s0 += (a[fromA + i]! - b[fromB + i]!) ** 2
  return s0 + s1 + s2 + s3
}

/** How far each row of one matrix is from the same row of the other. */
function distances (a: Float64Array, b: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: a.length / width }, (_, i) =>
    Math.sqrt(squaredDistance(a, i * width, b, i * width, width)))
}

/** How far each centroid is from each other, [k, k]. */
function gapsOf (centroids: Float64Array, width: number): Float64Array {
  const k = centroids.length / width
  const gaps = new Float64Array(k * k)
  for (let a = 0; a < k; a++) {
    for (let b = a + 1; b < k; b++) {
      const gap = Math.sqrt(squaredDistance(centroids, a * width, centroids, b * width, width))
      gaps[a * k + b] = gap
      gaps[b * k + a] = gap
    }
  }
  return gaps
}
