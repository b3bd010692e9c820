import { setImmediate } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { faultOf, IsthmusError } from '../errors.ts'
import { raiseThread } from '../priority.ts'
import { findHnswDriver, type Hnsw } from './hnsw-driver.ts'
import { addPoint, loadHnsw } from './hnsw-file.ts'
import type { ShardReply, ShardRequest, ShardThreadData } from './hnsw-shards.ts'

async function load ({ bytes, rows, width }: ShardThreadData): Promise<Hnsw> {
  const driver = await findHnswDriver()
  if (driver === undefined) throw new IsthmusError('index_driver_unavailable', 'hnswlib-node is not there')
  return await loadHnsw(Buffer.from(bytes), rows, width, driver)
}

/** Searches as they come; between two of them at most one row is put, about 1 ms, so that no search waits for many. */
function serve (port: MessagePort, graph: Hnsw, { width, efSearch }: ShardThreadData): void {
  const send = (reply: ShardReply): void => port.postMessage(reply)
  const adding: Array<Extract<ShardRequest, { kind: 'add' }>> = []
  let working: Promise<void> | undefined

  const near = (queries: Float32Array, wanted: readonly number[]): number[][] => wanted.map((count, q) => {
    const held = Math.min(count, graph.getCurrentCount())
    if (held === 0) return []
    graph.setEf(Math.max(efSearch, held))
    return graph.searchKnn(Array.from(queries.subarray(q * width, (q + 1) * width)), held).neighbors
  })
  const start = async (): Promise<void> => {
    for (let group = adding[0]; group !== undefined; group = adding[0]) {
      for (const [i, row] of group.rows.entries()) {
        addPoint(graph, row, group.vectors.subarray(i * width, (i + 1) * width))
        // Lets messages in that came meanwhile.
        await setImmediate()
      }
      adding.shift()
      send({ kind: 'added', id: group.id })
    }
    working = undefined
  }

  port.on('message', (request: ShardRequest) => {
    if (request.kind === 'close') process.exit()
    if (request.kind === 'near') send({ kind: 'near', id: request.id, rows: near(request.queries, request.wanted) })
    else {
      adding.push(request)
      working ??= start()
    }
  })
  send({ kind: 'ready' })
}

if (parentPort !== null) {
  const data = workerData as ShardThreadData
  try {
    const graph = await load(data)
    // The engine that started it may be loading at a low priority, and could not raise another thread's.
    raiseThread()
    serve(parentPort, graph, data)
  } catch (error) {
    parentPort.postMessage({ kind: 'refused', fault: faultOf(error) } satisfies ShardReply)
  }
}
