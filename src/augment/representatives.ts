import type { Clusters } from '../numeric/kmeans.ts'

/** An item that stands for a part of what a user chose. */
export interface Representative {
  /** Global id. */
  readonly id: number
  /** Its place in the user's training prefix; absent where the user has none and the catalogue lent it. */
  readonly position?: number
}

/**
 * The latest item of each cluster that a sequence touches, in order of time (LLM-EDT, 3.2.1; the rule is ours).
 * @param sequence   global ids, oldest first
 * @param clusterOf  the cluster of an item; undefined for one that is not to stand for anything
 */
export function representatives (
  sequence: ArrayLike<number>, clusterOf: (id: number) => number | undefined
): Required<Representative>[] {
  const latest = new Map<number, number>()
  for (let position = 0; position < sequence.length; position++) {
    const cluster = clusterOf(sequence[position]!)
    if (cluster !== undefined) latest.set(cluster, position)
  }
  return [...latest.values()].sort((a, b) => a - b).map((position) => ({ id: sequence[position]!, position }))
}

/** The row nearest to each centroid, cluster by cluster, of the rows that were clustered: row-major [n, width]. */
export function medoids (rows: Float32Array, { width, centroids, labels }: Clusters): number[] {
  const nearest: Array<{ row: number, distance: number } | undefined> = []
  for (const [row, label] of labels.entries()) {
    let distance = 0
    for (let i = 0; i < width; i++) distance += (rows[row * width + i]! - centroids[label * width + i]!) ** 2
    const best = nearest[label]
    if (best === undefined || distance < best.distance) nearest[label] = { row, distance }
  }
  return nearest.flatMap((best) => best?.row ?? [])
}
