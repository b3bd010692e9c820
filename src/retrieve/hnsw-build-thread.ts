import { parentPort, workerData } from 'node:worker_threads'
import { buildHnsw, type BuildThreadData } from './hnsw-build.ts'
import { findHnswDriver } from './hnsw-driver.ts'

const { vectors, width, settings, shard } = workerData as BuildThreadData
const driver = await findHnswDriver()
if (driver === undefined) throw new Error('hnswlib-node is not there')
const bytes = new Uint8Array(await buildHnsw(vectors, width, driver, settings, shard))
parentPort?.postMessage(bytes, [bytes.buffer])
