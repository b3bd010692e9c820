import { openScan, type OpenScanOptions, type RowKind, type Scan } from '../encode/scan.ts'
import type { CandidateIndex, Hit, SearchRequest } from './candidate-index.ts'
import { byScore, createVectorTable, dot } from './vector-table.ts'

/**
 * Fetched beyond k: enough to see that no other row may belong there. With int8, of 2,000 users over 7,601 items 0.5 %
 * had to ask for more at k = 10, and 1.9 % at 20.
 */
const MARGIN = { float32: (_k: number) => 8, int8: (k: number) => k + 16 }
/**
 * What int8 is for: lone queries, and those that ask for few. A batch that asks for more is cheaper in float32, since
 * of rounded scores twice as many have to be sorted: over 7,601 and 15,756 items, in batches of 32, a query for 100 is
 * 249 µs in float32 and 501 in int8, and one for 10 is 149 and 140.
 */
const FEW = { queries: 1, k: 16 }
/** Scores nearer than this, relative to the larger of them and 1, may be swapped by the rounding of float32. */
const ROUNDING = 1e-5
const FIRST_SLOTS = 16

export interface ExactIndex extends CandidateIndex {
  /** How the rows are kept that are scanned. */
  readonly rows: RowKind
}

export interface OpenExactOptions extends OpenScanOptions {
  /** Told when rows cannot be scanned in int8 that should be. */
  readonly log?: (message: string) => void
}

/**
 * The whole catalogue, scored. Rows put since the start are one more input of the graph: no rebuild, no recall to lose.
 * What the scan finds is scored again from the vectors as they are, and where its own scores leave in doubt which rows
 * are the best it is asked for more of them: the answer is exact, however the scan rounds.
 * @param base [rows, width], row-major, shared and never written to
 */
export async function openExactIndex (
  base: Float32Array, width: number,
  { provider = 'auto', rows = 'auto', log = () => {}, ...more }: OpenExactOptions = {}
): Promise<ExactIndex> {
  const table = createVectorTable(base, width)
  // The runtime wants at least one column on either side; unused ones are masked for good.
  const baseColumns = Math.max(1, table.baseRows)
  const scanned = table.baseRows > 0 ? base : new Float32Array(width)
  const first = await openScan(scanned, width, { provider, rows, ...more })
  if (first.doubt !== undefined && first.provider === 'cpu') log(`ONNX Runtime reads float32 rows: ${first.doubt}`)
  /** Of float32 rows; opened when it is first of use. */
  let wide: Promise<Scan> | undefined
  const scanFor = async (queries: number, k: number): Promise<Scan> => {
    if (rows !== 'auto' || first.rows === 'float32' || queries <= FEW.queries || k <= FEW.k) return first
    return await (wide ??= openScan(scanned, width, { provider, rows: 'float32' }))
  }
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

  /** @param beyond times the rows that are usually fetched beyond k */
  async function searchSome (
    queries: Float32Array, requests: readonly SearchRequest[], beyond: number
  ): Promise<Hit[][]> {
    const most = Math.max(...requests.map(({ k }) => k))
    const scan = await scanFor(requests.length, most)
    const columns = live.length
    const mask = new Uint8Array(requests.length * columns)
    const admitted = requests.map((request, q) => admit(request, mask.subarray(q * columns, (q + 1) * columns)))
    const fetched = Math.min(columns, most + beyond * MARGIN[scan.rows](most))
    const found = await scan.search(queries, mask, added, fetched)

    const answers: Hit[][] = []
    for (const [q, request] of requests.entries()) {
      const query = queries.subarray(q * width, (q + 1) * width)
      const slack = scan.slack(query)
      const hits: Hit[] = []
      /** What the least of the best k is worth at least: that of the first k seen. */
      let bar = Infinity
      let sure = false
      for (let i = q * fetched; i < (q + 1) * fetched && found.scores[i] !== -Infinity; i++) {
        sure = hits.length >= request.k && found.scores[i]! + slack < bar - ROUNDING * Math.max(1, Math.abs(bar))
        if (sure) break
        const row = rowAt[found.columns[i]!]!
        const score = dot(query, table.vector(row))
        if (hits.length < request.k) bar = Math.min(bar, score)
        hits.push({ row, score })
      }
      hits.sort(byScore)
      const unseen = !sure && hits.length < admitted[q]!
      answers.push(unseen ? (await searchSome(query, [request], beyond * 4))[0]! : hits.slice(0, request.k))
    }
    return answers
  }

  return {
    kind: 'exact',
    rows: first.rows,
    get size () { return table.live },
    tail: 0,
    vectors: table,
    search: async (queries, requests) => requests.length === 0 ? [] : await searchSome(queries, requests, 1),
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
    async close () {
      await first.close()
      await (await wide)?.close()
    },
  }
}

function grown<A extends Float32Array | Uint8Array | Int32Array> (from: A, to: A): A {
  to.set(from)
  return to
}
