import type { VectorTable } from './vector-table.ts'

/**
 * Finds the items of one domain with the largest inner product. Implementations: `exact.ts` (the oracle), those of
 * `approximate.ts` over a graph (`hnsw.ts`, `cluster.ts`), and `hybrid.ts` over one of either kind. All pass
 * `test/retrieve/candidate-index.contract.ts`. Lives in the engine worker; calls of `exact.ts` block that thread. A row
 * is an item's number in its domain: base rows are the bundle's, in the order of its items file; rows added since
 * follow. Vectors are row-major float32.
 */
export interface CandidateIndex {
  readonly kind: 'exact' | 'hnsw' | 'cluster' | 'hybrid'
  /** Rows searchable now. */
  readonly size: number
  /** Rows that are scanned because no graph has them yet. */
  readonly tail: number
  /** Of `hybrid`: queries since the start, by what answered them. */
  readonly searched?: Readonly<Record<'exact' | 'hnsw', number>>
  /** The vector that each row has now. */
  readonly vectors: Omit<VectorTable, 'put' | 'remove'>
  /**
   * For each query the best `k` rows that `allowed` admits, by exact float32 score, best first, ties by lower row.
   * @param queries [count, width], finite
   * @param onIncomplete told where a part of the index did not answer, so that rows of it are absent
   */
  search: (
    queries: Float32Array, requests: readonly SearchRequest[], onIncomplete?: () => void
  ) => Promise<Hit[][]>
  /** Adds a row, or replaces the vector of one; the next search finds it. @param vector [width], finite */
  put: (row: number, vector: Float32Array) => void
  /** Hides a row from every later search. */
  remove: (row: number) => void
  close: () => Promise<void>
}

export interface SearchRequest {
  readonly k: number
  /** Rows that must not be found (seen, excluded). */
  readonly excluded: ReadonlySet<number>
  /** A filter as one byte a row (1 = may be found), length >= size; absent: all rows. */
  readonly allowed?: Uint8Array
}

export interface Hit { readonly row: number, readonly score: number }
