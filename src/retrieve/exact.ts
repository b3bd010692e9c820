import { openExactTopK } from '../encode/exact-top-k.ts'
import type { ProviderChoice } from '../encode/ort.ts'
import type { CandidateIndex, Hit, SearchRequest } from './candidate-index.ts'
import { byScore, createVectorTable, dot } from './vector-table.ts'

/** Fetched beyond k, so that rows whose scores differ by rounding alone still come in the right order. */
const MARGIN = 8
/** Scores nearer than this, relative to the larger of them and 1, may be swapped by rounding in the runtime. */
const ROUNDING = 1e-5
const FIRST_SLOTS = 16

/**
 * The whole catalogue, scored. Rows put since the start are one more input of the graph: no rebuild, no recall to lose.
 * @param base [rows, width], row-major, shared and never written to
 */
export async function openExactIndex (
  base: Float32Array, width: number, provider: ProviderChoice = 'auto'
): Promise<CandidateIndex> {
  const table = createVectorTable(base, width)
  // The runtime wants at least one column on either side; unused ones are masked for good.
  const baseColumns = Math.max(1, table.baseRows)
  const topK = await openExactTopK(table.baseRows > 0 ? base : new Float32Array(width), width, provider)
  /** A row's vector stands in the base, or, once put, in a slot behind it. */
  const slots = new Map<number, number>()
  let added = new Float32Array(FIRST_SLOTS * width)
  let live = new Uint8Array(baseColumns + FIRST_SLOTS).fill(1, 0, table.baseRows)
  let rowAt = Int32Array.from(live, (_, column) => column)

  const columnOf = (row: number): number => {
    const slot = slots.get(row)
    return slot === undefined ? row : baseColumns + slot
  }

  /** Writes one request's mask and returns how many columns it admits. */
  function admit ({ allowed, excluded }: SearchRequest, mask: Uint8Array): number {
    mask.set(live)
    let count = table.live
    if (allowed !== undefined) {
      for (let column = 0; column < mask.length; column++) {
        if (mask[column] === 0 || allowed[rowAt[column]!] === 1) continue
        mask[column] = 0
        count--
      }
    }
    for (const row of excluded) {
      if (!table.isLive(row) || mask[columnOf(row)] === 0) continue
      mask[columnOf(row)] = 0
      count--
    }
    return count
  }

  async function searchSome (
    queries: Float32Array, requests: readonly SearchRequest[], extra: number
  ): Promise<Hit[][]> {
    const columns = live.length
    const mask = new Uint8Array(requests.length * columns)
    const admitted = requests.map((request, q) => admit(request, mask.subarray(q * columns, (q + 1) * columns)))
    const fetched = Math.min(columns, Math.max(...requests.map(({ k }) => k)) + extra)
    const found = await topK.search(queries, mask, added, fetched)

    const answers: Hit[][] = []
    for (const [q, request] of requests.entries()) {
      const query = queries.subarray(q * width, (q + 1) * width)
      const hits: Hit[] = []
      for (let i = q * fetched; i < (q + 1) * fetched && found.scores[i] !== -Infinity; i++) {
        const row = rowAt[found.columns[i]!]!
        hits.push({ row, score: dot(query, table.vector(row)) })
      }
      hits.sort(byScore)
      // Near-equal scores across the cut: their order is ours to decide, so all of them must be seen.
      const unsure = hits.length < admitted[q]! && !apart(hits[request.k - 1], hits.at(-1))
      answers.push(unsure ? (await searchSome(query, [request], extra * 4))[0]! : hits.slice(0, request.k))
    }
    return answers
  }

  return {
    kind: 'exact',
    get size () { return table.live },
    tail: 0,
    vectors: table,
    search: async (queries, requests) => requests.length === 0 ? [] : await searchSome(queries, requests, MARGIN),
    put (row, vector) {
      table.put(row, vector)
      if (row < table.baseRows) live[row] = 0
      const slot = slots.get(row) ?? slots.size
      slots.set(row, slot)
      if (slots.size * width > added.length) {
        added = grown(added, new Float32Array(added.length * 2))
        live = grown(live, new Uint8Array(baseColumns + added.length / width))
        rowAt = grown(rowAt, new Int32Array(live.length))
      }
      added.set(vector, slot * width)
      live[baseColumns + slot] = 1
      rowAt[baseColumns + slot] = row
    },
    remove (row) {
      if (table.isLive(row)) live[columnOf(row)] = 0
      table.remove(row)
    },
    close: topK.close,
  }
}

function apart (kept: Hit | undefined, last: Hit | undefined): boolean {
  if (kept === undefined || last === undefined) return false
  return kept.score - last.score > ROUNDING * Math.max(1, Math.abs(kept.score))
}

function grown<A extends Float32Array | Uint8Array | Int32Array> (from: A, to: A): A {
  to.set(from)
  return to
}
