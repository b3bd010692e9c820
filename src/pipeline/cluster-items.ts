import { setImmediate } from 'node:timers/promises'
import type { Domain } from '../data/dataset.ts'
import { canonicalJson, sha256 } from '../files/hash.ts'
import { kMeansRuns } from '../numeric/kmeans.ts'
import type { Clusters } from '../numeric/kmeans.ts'
import type { Memo } from './memo.ts'

/** Starts of k-means, of which the best counts. */
export const RESTARTS = 10

export interface ClusterOptions {
  readonly clusters: number
  readonly seed: number
  /** Where equal clusters may be known from. */
  readonly memo?: Memo
  readonly signal?: AbortSignal
  /** Runs done. */
  readonly onProgress?: (done: number) => void
}

/** k-means of raw embeddings, row-major [n, width]; fewer items than clusters have one cluster each. */
export async function clusterItems (
  rows: Float32Array, width: number, options: ClusterOptions
): Promise<Clusters> {
  const { memo, clusters, seed } = options
  if (memo === undefined) return await bestOfRuns(rows, width, options)
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
  return await memo(canonicalJson(['clusters', sha256(bytes), width, clusters, seed]), () => bestOfRuns(rows, width, options))
}

async function bestOfRuns (
  rows: Float32Array, width: number, { clusters, seed, signal, onProgress }: ClusterOptions
): Promise<Clusters> {
  let best: Clusters | undefined
  let runs = 0
  for (const found of kMeansRuns(rows, width, Math.min(clusters, rows.length / width), { seed, restarts: RESTARTS })) {
    best = found
    onProgress?.(++runs)
    // A run computes for seconds: between two of them a signal can arrive.
    await setImmediate()
    signal?.throwIfAborted()
  }
  return best!
}

/** The clusters of each domain's own items, fresh ones after those of the catalogue. */
export async function clusterDomains (
  { rows, width }: { readonly rows: Float32Array, readonly width: number }, domains: readonly Domain[],
  { onProgress, ...options }: ClusterOptions
): Promise<Clusters[]> {
  const found: Clusters[] = []
  for (const [k, { offset, size, fresh }] of domains.entries()) {
    const own = rows.subarray(offset * width, (offset + size) * width)
    const more = fresh === undefined ? [] : rows.subarray(fresh.offset * width, (fresh.offset + fresh.size) * width)
    const all = new Float32Array(own.length + more.length)
    all.set(own)
    all.set(more, own.length)
    found.push(await clusterItems(all, width, {
      ...options, ...(onProgress && { onProgress: (done) => onProgress(k * RESTARTS + done) }),
    }))
  }
  return found
}
