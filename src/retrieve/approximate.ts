import type { CandidateIndex, Hit, SearchRequest } from './candidate-index.ts'
import type { Graph } from './graph.ts'
import { openTail } from './tail.ts'
import { byScore, dot, type VectorTable } from './vector-table.ts'

export interface ApproximateOptions {
  readonly kind: CandidateIndex['kind']
  /** What the graph holds when it is opened, and from then on what was put. */
  readonly table: VectorTable
  readonly graph: Graph
  /** Rows that the tail gathers before they are merged into the graph. */
  readonly mergeFrom?: number
}

/** Fewest candidates that a search fetches, and how many for each row that it must return. */
const FEWEST = 100
const OVER_FETCH = 4
/** So many admitted rows are scanned sooner than a graph is searched for them, and surely seen. */
const SCANNED = 4096
/** A scan of the tail up to here costs less than a merge would. */
const MERGE_FROM = 1024

/**
 * An approximate index with exact scores: more rows than asked for come from the graph, those that may not be found are
 * left out, and the rest are scored by the table. What was put since is scanned exactly, until the graph has it.
 */
export async function openApproximateIndex (
  { kind, table, graph, mergeFrom = MERGE_FROM }: ApproximateOptions
): Promise<CandidateIndex> {
  const tail = await openTail({ table, graph, mergeFrom })

  async function search (
    queries: Float32Array, requests: readonly SearchRequest[], onIncomplete: () => void
  ): Promise<Hit[][]> {
    const query = (q: number): Float32Array => queries.subarray(q * table.width, (q + 1) * table.width)
    const fresh = await tail.search(queries, requests)
    const found = new Array<Hit[]>(requests.length)
    let waiting = requests.map((request, q) => ({ q, request, wanted: firstWanted(request, table.live) }))
    while (waiting.length > 0) {
      const asked = waiting.filter(({ wanted }) => wanted * OVER_FETCH < table.live)
      for (const { q, request } of waiting) {
        if (!asked.some((one) => one.q === q)) found[q] = best(admittedRows(request), query(q), request.k)
      }
      const joined = new Float32Array(asked.length * table.width)
      for (const [i, { q }] of asked.entries()) joined.set(query(q), i * table.width)
      const near = asked.length === 0 ? undefined : await graph.near(joined, asked.map(({ wanted }) => wanted))
      if (near?.complete === false) onIncomplete()
      waiting = []
      for (const [i, { q, request, wanted }] of asked.entries()) {
        const rows = Array.from(near!.rows[i]!).filter((row) => admits(request, row))
        // Asking a graph for more does not bring back what does not answer.
        if (rows.length < request.k && near!.complete) waiting.push({ q, request, wanted: wanted * OVER_FETCH })
        else found[q] = best(new Set([...rows, ...fresh[q]!]), query(q), request.k)
      }
    }
    return found
  }

  const admits = ({ excluded, allowed }: SearchRequest, row: number): boolean =>
    table.isLive(row) && !excluded.has(row) && (allowed === undefined || allowed[row] === 1)

  function * admittedRows (request: SearchRequest): Generator<number> {
    for (const row of request.allowed === undefined ? table.rows() : allowedRows(request.allowed)) {
      if (admits(request, row)) yield row
    }
  }

  function best (rows: Iterable<number>, query: Float32Array, k: number): Hit[] {
    return Array.from(rows, (row) => ({ row, score: dot(query, table.vector(row)) })).sort(byScore).slice(0, k)
  }

  return {
    kind,
    get size () { return table.live },
    get tail () { return tail.size },
    vectors: table,
    search: async (queries, requests, onIncomplete = () => {}) =>
      requests.length === 0 ? [] : await search(queries, requests, onIncomplete),
    put (row, vector) {
      // Checks what a graph's library would take without a word: NaN, no length, a label that is none.
      table.put(row, vector)
      tail.put(row)
    },
    remove (row) {
      // A graph may keep the row as a way to others; `admits` hides it.
      if (table.isLive(row)) graph.remove?.(row)
      table.remove(row)
      tail.remove(row)
    },
    async close () {
      await tail.close()
      await graph.close()
    },
  }
}

function * allowedRows (allowed: Uint8Array): Generator<number> {
  for (let row = allowed.indexOf(1); row >= 0; row = allowed.indexOf(1, row + 1)) yield row
}

/** What may be left of so many is enough for k, whatever is excluded, and if the filter's rows lie anywhere. */
function firstWanted ({ k, excluded, allowed }: SearchRequest, live: number): number {
  const least = Math.max(OVER_FETCH * k + excluded.size, FEWEST)
  if (allowed === undefined) return least
  let admitted = 0
  for (const one of allowed) admitted += one
  return admitted <= SCANNED ? live : Math.ceil(least * live / admitted)
}
