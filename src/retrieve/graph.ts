/**
 * Finds rows that are likely among the nearest: what `approximate.ts` makes a CandidateIndex of. Implementations:
 * `hnsw-shards.ts` and `cluster.ts`. A graph need not know which rows are live, nor their exact scores.
 */
export interface Graph {
  /**
   * For each query about so many of the rows with the largest inner product.
   * @param queries [wanted.length, width]
   */
  near: (queries: Float32Array, wanted: readonly number[]) => Promise<Nearby>
  /**
   * Puts rows with their vectors [rows.length, width], or replaces those that are there; resolves when every later
   * `near` can find them. Where it fails, it is called again with the same rows.
   */
  add: (rows: readonly number[], vectors: Float32Array) => Promise<void>
  /** Told of a row that nobody may find any more; the graph need not forget it. */
  remove?: (row: number) => void
  close: () => Promise<void>
}

export interface Nearby {
  /** By query, in any order. */
  readonly rows: ReadonlyArray<ArrayLike<number>>
  /** False where a part of the graph did not answer, so that its rows are absent. */
  readonly complete: boolean
}
