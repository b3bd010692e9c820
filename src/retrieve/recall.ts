import type { ProviderChoice } from '../encode/ort.ts'
import { openExactIndex } from './exact.ts'
import type { HnswDriver } from './hnsw-driver.ts'
import { loadHnsw } from './hnsw-file.ts'
import { rowsOfShard } from './shards.ts'

/** What `ef` finds: the share of the exact scan's best 100 that the graph's best 100 hold. */
export interface Recall { readonly ef: number, readonly recall: number }

/** Recall is asked at this depth, or at the size of a smaller catalogue. */
export const RECALL_AT = 100
/** What an approximate index must find to serve. */
export const RECALL_WANTED = 0.99
export const RECALL_EFS: readonly number[] = [100, 128, 200, 256, 400]

const QUERIES_AT_ONCE = 32

export interface MeasureRecallOptions {
  /** The files of the index's shards, as `buildHnsw` or `buildHnswShards` gave them. */
  readonly shards: readonly Buffer[]
  /** Item vectors [rows, width]. */
  readonly vectors: Float32Array
  readonly width: number
  /** User vectors [count, width]: item vectors as queries would flatter the index. */
  readonly queries: Float32Array
  readonly driver: HnswDriver
  readonly efs?: readonly number[]
  readonly provider?: ProviderChoice
}

/** Mean recall at each ef, of the graph alone: what is served fetches more than it asks for and does not find less. */
export async function measureRecall (
  { shards, vectors, width, queries, driver, efs = RECALL_EFS, provider = 'cpu' }: MeasureRecallOptions
): Promise<Recall[]> {
  const rows = vectors.length / width
  const k = Math.min(RECALL_AT, rows)
  const count = queries.length / width
  const query = (q: number): Float32Array => queries.subarray(q * width, (q + 1) * width)

  const exact = await openExactIndex(vectors, width, { provider })
  const truth: Array<Set<number>> = []
  try {
    for (let from = 0; from < count; from += QUERIES_AT_ONCE) {
      const to = Math.min(count, from + QUERIES_AT_ONCE)
      const asked = Array.from({ length: to - from }, () => ({ k, excluded: new Set<number>() }))
      const found = await exact.search(queries.subarray(from * width, to * width), asked)
      truth.push(...found.map((hits) => new Set(hits.map(({ row }) => row))))
    }
  } finally {
    await exact.close()
  }

  // Shards have no row in common, and of what they find together the best k are those of the scan or none is better.
  const found = efs.map(() => 0)
  for (const [index, bytes] of shards.entries()) {
    const held = rowsOfShard(rows, { index, of: shards.length })
    const graph = await loadHnsw(bytes, held, width, driver)
    for (const [e, ef] of efs.entries()) {
      graph.setEf(ef)
      for (const [q, best] of truth.entries()) {
        const { neighbors } = graph.searchKnn(Array.from(query(q)), Math.min(k, held))
        found[e]! += neighbors.filter((row) => best.has(row)).length
      }
    }
  }
  return efs.map((ef, e) => ({ ef, recall: count === 0 ? 0 : found[e]! / (count * k) }))
}
