import type { RowKind } from '../encode/scan.ts'
import type { CandidateIndex } from './candidate-index.ts'
import type { ExactIndex } from './exact.ts'

/**
 * Microseconds of CPU a query, in a batch of B: a scan of n rows of 128 numbers takes
 * n * (SCAN.query + SCAN.batch / B), since a batch reads each row once; a graph takes GRAPH.query + GRAPH.batch / B,
 * since a batch is one message to its thread. Measured with the indexes of this folder in turns in one run. Over 50,000
 * rows in float32 a graph took 0.61 of a scan for one query, 0.87 for 2, 1.17 for 4, 2.1 for 32. In int8 it took 2.1 to
 * 2.6 times as long over 50,000 rows and 1.3 to 1.6 over 100,000, whatever the batch; that it is cheaper past 128,000
 * follows from these.
 */
const SCAN = { float32: { query: 0.0047, batch: 0.023 }, int8: { query: 0.0045, batch: 0.0015 }, width: 128 }
const GRAPH = { query: 575, batch: 165 }

/** The largest batch of queries that a graph over so many rows answers in less CPU time than a scan; 0: none. */
export function graphUpTo (rows: number, width: number, kind: RowKind): number {
  const scanned = rows * width / SCAN.width
  const saved = scanned * SCAN[kind].batch - GRAPH.batch
  const lost = GRAPH.query - scanned * SCAN[kind].query
  if (saved <= 0) return 0
  return lost <= 0 ? Infinity : Math.floor(saved / lost)
}

/**
 * Both an exact index and a graph over the same rows: small batches, as they come while few wait, go to the graph, and
 * larger ones are scanned. What is found is what the one that answered finds. Rows are put into both, and both are
 * closed with it.
 * @param upTo the largest batch for the graph, by rows, width and how the scan keeps them
 */
export function hybridIndex (
  exact: ExactIndex, graph: CandidateIndex, upTo: typeof graphUpTo = graphUpTo
): CandidateIndex {
  const searched = { exact: 0, hnsw: 0 }
  return {
    kind: 'hybrid',
    get size () { return exact.size },
    get tail () { return graph.tail },
    get searched () { return { ...searched } },
    vectors: exact.vectors,
    async search (queries, requests, onIncomplete) {
      const small = requests.length <= upTo(exact.size, exact.vectors.width, exact.rows)
      searched[small ? 'hnsw' : 'exact'] += requests.length
      return await (small ? graph : exact).search(queries, requests, onIncomplete)
    },
    put (row, vector) {
      // What one refuses the other would, so that the first keeps it from both.
      exact.put(row, vector)
      graph.put(row, vector)
    },
    remove (row) {
      exact.remove(row)
      graph.remove(row)
    },
    async close () {
      await exact.close()
      await graph.close()
    },
  }
}
