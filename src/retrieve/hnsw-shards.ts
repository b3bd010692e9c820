import { Worker } from 'node:worker_threads'
import { errorOf, type Fault, IsthmusError } from '../errors.ts'
import { compiled } from '../paths.ts'
import type { Graph } from './graph.ts'
import { rowsOfShard, wantedOfShard } from './shards.ts'

/** What a shard's thread is started with. */
export interface ShardThreadData {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly width: number
  readonly efSearch: number
}

export type ShardRequest =
  | { readonly kind: 'near', readonly id: number, readonly queries: Float32Array, readonly wanted: readonly number[] }
  | { readonly kind: 'add', readonly id: number, readonly rows: readonly number[], readonly vectors: Float32Array }
  | { readonly kind: 'close' }

/** `ready` or `refused` once; then one reply for each request, by its id. */
export type ShardReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused', readonly fault: Fault }
  | { readonly kind: 'near', readonly id: number, readonly rows: number[][] }
  | { readonly kind: 'added', readonly id: number }

export interface OpenHnswShardsOptions {
  readonly shards: ReadonlyArray<() => Promise<Buffer>>
  /** Of all shards. */
  readonly rows: number
  readonly width: number
  readonly efSearch: number
}

interface ShardThread {
  near: (queries: Float32Array, wanted: readonly number[]) => Promise<number[][]>
  add: (rows: readonly number[], vectors: Float32Array) => Promise<void>
  stop: () => Promise<void>
}

/**
 * hnswlib-node is synchronous and has one thread: so each shard has a thread of its own, all are searched at the same
 * time, and rows are put there. A row's shard is its number modulo the number of shards.
 */
export async function openHnswShards ({ shards, rows, width, efSearch }: OpenHnswShardsOptions): Promise<Graph> {
  const of = shards.length
  const threads: ShardThread[] = []
  const close = async (): Promise<void> => { await Promise.all(threads.map(async ({ stop }) => await stop())) }
  try {
    // One file after the other: only one is in memory twice.
    for (const [index, read] of shards.entries()) {
      threads.push(await startShard({ bytes: await read(), rows: rowsOfShard(rows, { index, of }), width, efSearch }))
    }
  } catch (error) {
    await close()
    throw error
  }

  return {
    async near (queries, wanted) {
      const each = wanted.map((count) => wantedOfShard(count, of))
      const found = await Promise.all(threads.map(async ({ near }) => await near(queries, each)))
      return { rows: of === 1 ? found[0]! : wanted.map((_, q) => found.flatMap((one) => one[q]!)), complete: true }
    },
    async add (rows, vectors) {
      await Promise.all(threads.map(async ({ add }, index) => {
        const own = [...rows.keys()].filter((i) => rows[i]! % of === index)
        const part = new Float32Array(own.length * width)
        for (const [at, i] of own.entries()) part.set(vectors.subarray(i * width, (i + 1) * width), at * width)
        if (own.length > 0) await add(own.map((i) => rows[i]!), part)
      }))
    },
    close,
  }
}

/** Fails as `loadHnsw`. A thread that ends by itself ends this one too: whoever watches it starts both again. */
async function startShard ({ bytes, ...data }: Omit<ShardThreadData, 'bytes'> & { bytes: Buffer }): Promise<ShardThread> {
  const own = bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : Uint8Array.from(bytes)
  const workerData: ShardThreadData = { ...data, bytes: own }
  // What is listed is moved, not copied; TypeScript's type of a Buffer's memory does not say that it is not shared.
  const worker = new Worker(compiled('src/retrieve/hnsw-shard-thread.ts'), {
    workerData, transferList: [own.buffer as ArrayBuffer],
  })
  const waiting = new Map<number, (reply: ShardReply) => void>()
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let next = 0
  let stopping = false
  let cause: unknown
  const ask = async <K extends ShardReply['kind']>(
    request: ShardRequest & { id: number }
  ): Promise<Extract<ShardReply, { kind: K }>> => {
    worker.postMessage(request)
    // The thread answers each kind of request with its kind of reply.
    return await new Promise((resolve) =>
      waiting.set(request.id, (reply) => resolve(reply as Extract<ShardReply, { kind: K }>)))
  }

  return await new Promise<ShardThread>((resolve, reject) => {
    worker.on('message', (reply: ShardReply) => {
      if (reply.kind === 'refused') return reject(errorOf(reply.fault))
      if (reply.kind !== 'ready') {
        waiting.get(reply.id)?.(reply)
        waiting.delete(reply.id)
        return
      }
      worker.once('exit', () => {
        if (!stopping) throw new IsthmusError('engine_unavailable', 'a thread of the index ended', { cause })
      })
      resolve({
        near: async (queries, wanted) => (await ask<'near'>({ kind: 'near', id: next++, queries, wanted })).rows,
        add: async (rows, vectors) => { await ask<'added'>({ kind: 'add', id: next++, rows, vectors }) },
        async stop () {
          stopping = true
          worker.postMessage({ kind: 'close' } satisfies ShardRequest)
          await gone
        },
      })
    })
    worker.once('error', (error) => { cause = error })
    worker.once('exit', () => {
      reject(new IsthmusError('engine_unavailable', 'a thread of the index ended before it was ready', { cause }))
    })
  })
}
