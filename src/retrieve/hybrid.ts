import type { CandidateIndex } from './candidate-index.ts'

/**
 * Microseconds of CPU a query, in a batch of B: a scan of n rows of 128 numbers takes
 * n * (SCAN.query + SCAN.batch / B), since a batch reads each row once; a graph takes GRAPH.query + GRAPH.batch / B,
 * since a batch is one message to its thread. Measured with both indexes of this folder in turns in one run. Over
 * 50,000 rows a graph took 0.47 of a scan for one query, 0.87 for 2, 1.30 for 4, 2.37 for 32; over 20,000, which the
 * processor's cache holds, never less than 2.9.
 */
const SCAN = { query: 0.005, batch: 0.039, width: 128 }
const GRAPH = { query: 750, batch: 300 }

/** The largest batch of queries that a graph over so many rows answers in less CPU time than a scan; 0: none. */
export function graphUpTo (rows: number, width: number): number {
  const scanned = rows * width / SCAN.width
  const saved = scanned * SCAN.batch - GRAPH.batch
  const lost = GRAPH.query - scanned * SCAN.query
  if (saved <= 0) return 0
  return lost <= 0 ? Infinity : Math.floor(saved / lost)
}

/**
 * Both an exact index and a graph over the same rows: small batches, as they come while few wait, go to the graph, and
 * larger ones are scanned. What is found is what the one that answered finds. Rows are put into both, and both are
 * closed with it.
 * @param upTo the largest batch for the graph, by rows and width
 */
export function hybridIndex (
  exact: CandidateIndex, graph: CandidateIndex, upTo: typeof graphUpTo = graphUpTo
): CandidateIndex {
  const searched = { exact: 0, hnsw: 0 }
  return {
    kind: 'hybrid',
    get size () { return exact.size },
    get tail () { return graph.tail },
    get searched () { return { ...searched } },
    vectors: exact.vectors,
    async search (queries, requests, onIncomplete) {
      const small = requests.length <= upTo(exact.size, exact.vectors.width)
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
