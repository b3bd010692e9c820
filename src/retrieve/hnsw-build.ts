import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HnswDriver } from './hnsw-driver.ts'

export interface HnswSettings {
  /** Links of a node. */
  readonly m: number
  /** Candidates looked at while a node is linked. */
  readonly efConstruction: number
  readonly seed: number
}

export const HNSW_DEFAULTS: HnswSettings = { m: 16, efConstruction: 200, seed: 42 }

/** Builds an index over [rows, width] (about 1 ms a row at width 256) and returns the bytes of its file. */
export async function buildHnsw (
  vectors: Float32Array, width: number, driver: HnswDriver, { m, efConstruction, seed }: HnswSettings = HNSW_DEFAULTS
): Promise<Buffer> {
  const rows = vectors.length / width
  const graph = new driver.HierarchicalNSW('ip', width)
  graph.initIndex({ maxElements: Math.max(1, rows), m, efConstruction, randomSeed: seed })
  for (let row = 0; row < rows; row++) graph.addPoint(Array.from(vectors.subarray(row * width, (row + 1) * width)), row)

  const folder = await mkdtemp(join(tmpdir(), 'isthmus-index-'))
  try {
    const file = join(folder, 'index.bin')
    graph.writeIndexSync(file)
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
