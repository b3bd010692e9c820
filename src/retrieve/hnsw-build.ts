import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { IsthmusError } from '../errors.ts'
import { compiled } from '../paths.ts'
import type { HnswDriver } from './hnsw-driver.ts'
import { rowsOfShard, type Shard } from './shards.ts'

export interface HnswSettings {
  /** Links of a node. */
  readonly m: number
  /** Candidates looked at while a node is linked. */
  readonly efConstruction: number
  readonly seed: number
}

export const HNSW_DEFAULTS: HnswSettings = { m: 16, efConstruction: 200, seed: 42 }

const WHOLE: Shard = { index: 0, of: 1 }

/**
 * Builds an index over the rows of a shard of [rows, width] (about 1 ms a row at width 256), in this thread, and
 * returns the bytes of its file.
 */
export async function buildHnsw (
  vectors: Float32Array, width: number, driver: HnswDriver,
  { m, efConstruction, seed }: HnswSettings = HNSW_DEFAULTS, shard: Shard = WHOLE
): Promise<Buffer> {
  const rows = rowsOfShard(vectors.length / width, shard)
  const graph = new driver.HierarchicalNSW('ip', width)
  graph.initIndex({ maxElements: Math.max(1, rows), m, efConstruction, randomSeed: seed })
  for (let i = 0; i < rows; i++) {
    const row = i * shard.of + shard.index
    graph.addPoint(Array.from(vectors.subarray(row * width, (row + 1) * width)), row)
  }

  const folder = await mkdtemp(join(tmpdir(), 'isthmus-index-'))
  try {
    const file = join(folder, 'index.bin')
    graph.writeIndexSync(file)
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What a thread of `hnsw-build-thread.ts` is started with. */
export interface BuildThreadData {
  /** [rows, width], shared. */
  readonly vectors: Float32Array
  readonly width: number
  readonly settings: HnswSettings
  readonly shard: Shard
}

/** The same vectors, copied where their memory cannot be shared. */
function inSharedMemory (vectors: Float32Array): Float32Array {
  if (vectors.buffer instanceof SharedArrayBuffer) return vectors
  const shared = new Float32Array(new SharedArrayBuffer(vectors.byteLength))
  shared.set(vectors)
  return shared
}

/** Builds so many shards at the same time, a thread each; the bytes of their files, in their order. */
export async function buildHnswShards (
  vectors: Float32Array, width: number, shards: number, settings: HnswSettings = HNSW_DEFAULTS
): Promise<Buffer[]> {
  const shared = inSharedMemory(vectors)
  return await Promise.all(Array.from({ length: shards }, async (_, index) => {
    const workerData: BuildThreadData = { vectors: shared, width, settings, shard: { index, of: shards } }
    const worker = new Worker(compiled('src/retrieve/hnsw-build-thread.ts'), { workerData })
    return await new Promise<Buffer>((resolve, reject) => {
      worker.once('message', (bytes: Uint8Array) => resolve(Buffer.from(bytes.buffer)))
      worker.once('error', reject)
      worker.once('exit', () => reject(new IsthmusError('internal', 'a thread that builds an index ended')))
    })
  }))
}
