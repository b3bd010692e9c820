/**
 * Finds rows that are likely among the nearest: what `approximate.ts` makes a CandidateIndex of. Implementation:
 * `hnsw-shards.ts`. A graph need not know which rows are live, nor their exact scores.
 */
export interface Graph {
  /**
   * For each query about so many of the rows with the largest inner product, in any order.
   * @param queries [wanted.length, width]
   */
  near: (queries: Float32Array, wanted: readonly number[]) => Promise<ReadonlyArray<ArrayLike<number>>>
  /**
   * Puts rows with their vectors [rows.length, width], or replaces those that are there; resolves when every later
   * `near` can find them. Where it fails, it is called again with the same rows.
   */
  add: (rows: readonly number[], vectors: Float32Array) => Promise<void>
  close: () => Promise<void>
}
