import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import type { Hnsw, HnswDriver } from './hnsw-driver.ts'

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

/** Adds a point or replaces it, making room where there is none. The caller has checked the vector. */
export function addPoint (graph: Hnsw, row: number, vector: Float32Array): void {
  const capacity = graph.getMaxElements()
  if (graph.getCurrentCount() >= capacity) graph.resizeIndex(Math.ceil(capacity * 1.5) + 16)
  graph.addPoint(Array.from(vector), row)
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
