import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import type { CandidateIndex, Hit, SearchRequest } from './candidate-index.ts'
import type { Hnsw, HnswDriver } from './hnsw-driver.ts'
import { byScore, createVectorTable, dot } from './vector-table.ts'

export interface OpenHnswOptions {
  /** The index as written by `buildHnsw`, already verified: the library crashes the process on a damaged one. */
  readonly bytes: Buffer
  /** Item vectors [rows, width] of the same rows, for exact scores; shared and never written to. */
  readonly base: Float32Array
  readonly width: number
  readonly efSearch: number
  readonly driver: HnswDriver
}

/** Fewest candidates that a search fetches, and how many for each row that it must return or skip. */
const FEWEST = 100
const OVER_FETCH = 4

/**
 * An approximate index by inner product, with exact scores. Fails with `artefact_invalid` where the file is of another
 * width or count than the vectors.
 */
export async function openHnswIndex (
  { bytes, base, width, efSearch, driver }: OpenHnswOptions
): Promise<CandidateIndex> {
  const table = createVectorTable(base, width)
  const graph = await loadHnsw(bytes, table.baseRows, width, driver)

  function searchOne (query: Float32Array, { k, excluded, allowed }: SearchRequest): Hit[] {
    const admitted = (row: number): boolean =>
      table.isLive(row) && !excluded.has(row) && (allowed === undefined || allowed[row] === 1)
    const point = Array.from(query)
    let wanted = Math.max(OVER_FETCH * (k + excluded.size), FEWEST)
    // Past a quarter of the catalogue a scan is cheaper, and unlike the graph it is sure to see every row.
    for (; wanted * OVER_FETCH < table.live; wanted *= OVER_FETCH) {
      graph.setEf(Math.max(efSearch, wanted))
      const found = graph.searchKnn(point, wanted).neighbors.filter(admitted)
      if (found.length >= k) return best(found, query, k)
    }
    return best([...table.rows()].filter(admitted), query, k)
  }

  function best (rows: readonly number[], query: Float32Array, k: number): Hit[] {
    return rows.map((row) => ({ row, score: dot(query, table.vector(row)) })).sort(byScore).slice(0, k)
  }

  return {
    kind: 'hnsw',
    get size () { return table.live },
    search: async (queries, requests) => requests.map((request, q) =>
      searchOne(queries.subarray(q * width, (q + 1) * width), request)),
    put (row, vector) {
      // Checks what the library would take without a word: NaN, no length, a label that is none.
      table.put(row, vector)
      const capacity = graph.getMaxElements()
      if (graph.getCurrentCount() >= capacity) graph.resizeIndex(Math.ceil(capacity * 1.5) + 16)
      graph.addPoint(Array.from(vector), row)
    },
    remove (row) {
      // The graph keeps the row as a way to others; `admitted` hides it.
      table.remove(row)
    },
    close: async () => {},
  }
}

/**
 * Opens the bytes of an index. The library reads files only: it gets a private copy of the verified bytes, so that
 * nobody can change it in between. Fails with `artefact_invalid` where they are no index, or of another width or count.
 */
export async function loadHnsw (bytes: Buffer, rows: number, width: number, driver: HnswDriver): Promise<Hnsw> {
  checkHeader(bytes, rows, width)
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-index-'))
  try {
    await chmod(folder, 0o700)
    const file = join(folder, 'index.bin')
    await writeFile(file, bytes, { mode: 0o600 })
    const graph = new driver.HierarchicalNSW('ip', width)
    try {
      graph.readIndexSync(file)
    } catch (cause) {
      throw new IsthmusError('artefact_invalid', 'the index file cannot be read', { cause })
    }
    if (graph.getCurrentCount() !== rows) throw mismatch()
    return graph
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * hnswlib takes a file of any width and reads past its vectors, so its header is read here: six little-endian u64,
 * of which 2 is the count, 4 the offset of the label and 5 the offset of the vector before it in one element.
 */
function checkHeader (bytes: Buffer, rows: number, width: number): void {
  if (bytes.length < 48) throw mismatch()
  const count = bytes.readBigUInt64LE(16)
  const vectorBytes = bytes.readBigUInt64LE(32) - bytes.readBigUInt64LE(40)
  if (count !== BigInt(rows) || vectorBytes !== BigInt(width * 4)) throw mismatch()
}

function mismatch (): IsthmusError {
  return new IsthmusError('artefact_invalid', 'the index file is of another width or count than the item vectors')
}
