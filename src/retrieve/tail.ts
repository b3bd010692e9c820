import { setTimeout } from 'node:timers/promises'
import type { CandidateIndex, SearchRequest } from './candidate-index.ts'
import { openExactIndex } from './exact.ts'
import type { Graph } from './graph.ts'
import type { VectorTable } from './vector-table.ts'

/** Rows that were put and that the graph lacks, scanned exactly; merged into the graph in the background. */
export interface Tail {
  readonly size: number
  put: (row: number) => void
  remove: (row: number) => void
  /** For each request the best k of the tail's rows that it admits. */
  search: (queries: Float32Array, requests: readonly SearchRequest[]) => Promise<number[][]>
  /** Waits for the rows that the graph is taking; what is left is not merged. */
  close: () => Promise<void>
}

export interface TailOptions {
  readonly table: VectorTable
  readonly graph: Pick<Graph, 'add'>
  /** Rows from which on a merge is worth its while. */
  readonly mergeFrom: number
}

/** Rows that the graph is given at once. */
const GROUP = 64
const LONGEST_PAUSE = 5000

/**
 * Two scans: one takes what is put, the other holds what is being merged, and both are searched. When the graph has all
 * of the second it is dropped, and the first takes its place. What the graph refuses stays, and is tried again.
 */
export async function openTail ({ table, graph, mergeFrom }: TailOptions): Promise<Tail> {
  const openScan = async (): Promise<CandidateIndex> =>
    await openExactIndex(new Float32Array(0), table.width, { provider: 'cpu' })
  let taking = await openScan()
  let rows = new Set<number>()
  let merging: CandidateIndex | undefined
  const searches = new Set<Promise<unknown>>()
  const closing = new AbortController()
  let running: Promise<void> | undefined

  function start (): void {
    if (running !== undefined || rows.size < mergeFrom || closing.signal.aborted) return
    running = merge().then(() => {
      running = undefined
      start()
    })
  }

  async function merge (): Promise<void> {
    const next = await openScan()
    const old = merging = taking
    taking = next
    const merged = [...rows]
    rows = new Set()
    for (let at = 0; at < merged.length; at += GROUP) {
      if (!await give(merged.slice(at, at + GROUP))) return
    }
    merging = undefined
    await Promise.allSettled([...searches])
    await old.close()
  }

  /** False where the tail is being closed. What was put again or removed meanwhile goes as it is by now. */
  async function give (group: readonly number[]): Promise<boolean> {
    for (let pause = 50; !closing.signal.aborted; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      const live = group.filter(table.isLive)
      const vectors = new Float32Array(live.length * table.width)
      for (const [i, row] of live.entries()) vectors.set(table.vector(row), i * table.width)
      try {
        if (live.length > 0) await graph.add(live, vectors)
        return true
      } catch {
        // The graph's driver has told what is wrong with it; the rows are found by the scan until it takes them.
        await setTimeout(pause, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
    return false
  }

  async function search (queries: Float32Array, requests: readonly SearchRequest[]): Promise<number[][]> {
    const scans = [taking, ...(merging === undefined ? [] : [merging])].filter(({ size }) => size > 0)
    const found = await Promise.all(scans.map(async (scan) => await scan.search(queries, requests)))
    return requests.map((_, q) => found.flatMap((hits) => hits[q]!.map(({ row }) => row)))
  }

  return {
    get size () { return taking.size + (merging?.size ?? 0) },
    put (row) {
      merging?.remove(row)
      taking.put(row, table.vector(row))
      rows.add(row)
      start()
    },
    remove (row) {
      taking.remove(row)
      merging?.remove(row)
    },
    async search (queries, requests) {
      const searching = search(queries, requests)
      searches.add(searching)
      return await searching.finally(() => searches.delete(searching))
    },
    async close () {
      closing.abort()
      await running
      await Promise.allSettled([...searches])
      await taking.close()
      await merging?.close()
    },
  }
}
