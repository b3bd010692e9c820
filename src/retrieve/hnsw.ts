import { openApproximateIndex } from './approximate.ts'
import type { CandidateIndex } from './candidate-index.ts'
import { openHnswShards } from './hnsw-shards.ts'
import { createVectorTable } from './vector-table.ts'

export interface OpenHnswOptions {
  /**
   * The shards of the index as `buildHnsw` or `buildHnswShards` wrote them, already verified: the library crashes the
   * process on a damaged one. Each is read when its turn comes, and its memory moves
   * to the thread that searches it.
   */
  readonly shards: ReadonlyArray<() => Promise<Buffer>>
  /** Item vectors [rows, width] of the same rows, for exact scores; shared and never written to. */
  readonly base: Float32Array
  readonly width: number
  readonly efSearch: number
  /** See ApproximateOptions. */
  readonly mergeFrom?: number
}

/**
 * An approximate index by inner product, with exact scores; a thread a shard. Fails with `artefact_invalid` where a
 * file is of another width or count than the vectors, and with `index_driver_unavailable` without hnswlib-node.
 */
export async function openHnswIndex (
  { shards, base, width, efSearch, mergeFrom }: OpenHnswOptions
): Promise<CandidateIndex> {
  const table = createVectorTable(base, width)
  const graph = await openHnswShards({ shards, rows: table.baseRows, width, efSearch })
  return await openApproximateIndex({ kind: 'hnsw', table, graph, ...(mergeFrom === undefined ? {} : { mergeFrom }) })
}
