import type { RedisSettings } from '../config/service-config.ts'
import { IsthmusError } from '../errors.ts'
import { hash32 } from '../random.ts'
import { connectRedis, type RedisClient } from '../state/redis/client.ts'
import { spreadTags } from '../state/redis/slots.ts'
import { startLoop } from '../state/shared/loop.ts'
import { openApproximateIndex } from './approximate.ts'
import type { CandidateIndex } from './candidate-index.ts'
import { createClusterShard, type ShardKeys } from './cluster-shard.ts'
import type { Graph } from './graph.ts'
import { wantedOfShard } from './shards.ts'
import { createVectorTable, type VectorTable } from './vector-table.ts'

/** Where an index lies that instances share; a search waits as long for a shard as a recommendation for a history. */
export type ClusterSettings = RedisSettings

export interface OpenClusterOptions extends ClusterSettings {
  /** Of what shares items. */
  readonly namespace: string
  /** Vectors of one model's domain: another model, or another domain, has another set. */
  readonly set: string
  /** Item vectors [rows, width], each of length 1; shared and never written to. */
  readonly base: Float32Array
  readonly width: number
  readonly efSearch: number
  /** Instances number what is posted each in its own order: the shared names are the items'. */
  readonly nameOf: (row: number) => string
  readonly rowOf: (name: string) => number | undefined
  readonly log: (message: string) => void
  readonly mergeFrom?: number
  /** How often what Redis holds is compared with what it should, in milliseconds. */
  readonly checkMs?: number
}

/** Fixed: a name's shard follows from it, and another number would be another set. */
export const CLUSTER_SHARDS = 6
/** How long loading and the checks wait for a command: they hold up nobody. */
const PATIENCE_MS = 5000
const CHECK_MS = 5000
/** While shards are missing. */
const RETRY_MS = 500

/**
 * An index in Redis 8 vector sets, which all instances search and put to: a set a shard, under names whose hash tags
 * lie evenly over the nodes of a Redis Cluster (one server will do as well). A search asks all shards at once and
 * scores what they find by this instance's own vectors. A shard that does not answer, or does not hold what it should,
 * is missing from the answers, and is filled again when it is back. Opening waits until every shard that can be reached
 * is full.
 * Fails with `index_driver_unavailable` where vectors are not of length 1, or the servers have no vector sets.
 */
export async function openClusterIndex (options: OpenClusterOptions): Promise<CandidateIndex> {
  const { base, width, mergeFrom = 1 } = options
  checkUnit(base, width)
  const table = createVectorTable(base, width)
  const graph = await openClusterGraph(options, table)
  return await openApproximateIndex({ kind: 'cluster', table, graph, mergeFrom })
}

async function openClusterGraph (options: OpenClusterOptions, table: VectorTable): Promise<Graph> {
  const { address, namespace, set, width, efSearch, timeoutMs, nameOf, rowOf, log, checkMs = CHECK_MS } = options
  const quick = connectRedis(address, { timeoutMs })
  const patient = connectRedis(address, { timeoutMs: PATIENCE_MS })
  const shardOf = (row: number): number => hash32(nameOf(row)) % CLUSTER_SHARDS
  const vectorsOf = (index: number) => function * (): Generator<readonly [name: string, vector: Float32Array]> {
    for (const row of table.rows()) if (shardOf(row) === index) yield [nameOf(row), table.vector(row)]
  }
  const shards = shardKeys(namespace, set).map((keys, index) =>
    createClusterShard({ quick, patient, keys, efSearch, vectors: vectorsOf(index) }))
  const known = new Set<number>()

  /** Resolves to the number of shards that are not as they should be. */
  async function check (): Promise<number> {
    const states = await Promise.all(shards.map(async (shard) => await shard.check()))
    for (const [index, ok] of states.entries()) {
      if (ok === known.has(index)) continue
      if (ok) known.add(index)
      else known.delete(index)
      log(`shard ${index} of the index in Redis ${ok ? 'is complete' : 'is missing'}: ${set}`)
    }
    return states.filter((ok) => !ok).length
  }

  try {
    await Promise.all([ready(quick), ready(patient)])
    await checkServer(patient)
    await check()
  } catch (error) {
    quick.disconnect()
    patient.disconnect()
    throw error
  }
  const loop = startLoop(async () => await check() > 0 ? RETRY_MS : checkMs)
  for (const shard of shards) shard.onMissing(loop.wake)

  return {
    async near (queries, wanted) {
      const found = await Promise.all(wanted.map(async (count, q) => {
        const query = queries.subarray(q * width, (q + 1) * width)
        const each = wantedOfShard(count, CLUSTER_SHARDS)
        const names = await Promise.all(shards.map(async (shard) => await shard.near(query, each)))
        return {
          rows: names.flatMap((some) => (some ?? []).flatMap((name) => rowOf(name) ?? [])),
          complete: names.every((some) => some !== undefined),
        }
      }))
      if (found.every(({ rows, complete }) => rows.length === 0 && !complete)) {
        throw new IsthmusError('engine_unavailable', 'no shard of the index answers')
      }
      return { rows: found.map(({ rows }) => rows), complete: found.every(({ complete }) => complete) }
    },
    async add (rows, vectors) {
      await Promise.all(shards.map(async (shard, index) => {
        await shard.add([...rows.keys()].filter((i) => shardOf(rows[i]!) === index)
          .map((i) => [nameOf(rows[i]!), vectors.subarray(i * width, (i + 1) * width)] as const))
      }))
    },
    remove: (row) => shards[shardOf(row)]!.remove(nameOf(row)),
    async close () {
      const stopped = loop.stop()
      quick.disconnect()
      patient.disconnect()
      await stopped
    },
  }
}

/** One hash tag a shard, so that what its scripts touch lies on one node. */
function shardKeys (namespace: string, set: string): ShardKeys[] {
  return spreadTags(`${namespace}.index`, CLUSTER_SHARDS).map((tag) => {
    const root = `isthmus:{${tag}}:${set}`
    return { set: `${root}:vectors`, full: `${root}:full`, lease: `${root}:lease` }
  })
}

/** The refusal of vectors whose lengths differ. */
export function notUnit (): IsthmusError {
  return new IsthmusError('index_driver_unavailable', 'an index in Redis needs item vectors of length 1 (itemNorm: unit)')
}

/** How far the square of a length may be from 1: a cosine orders such vectors as the inner product does, or nearly. */
const UNIT = 0.02

/** The cosine of vector sets is the inner product of vectors of length 1 alone. */
function checkUnit (base: Float32Array, width: number): void {
  for (let at = 0; at < base.length; at += width) {
    let square = 0
    for (let i = at; i < at + width; i++) square += base[i]! * base[i]!
    if (Math.abs(square - 1) < UNIT) continue
    throw notUnit()
  }
}

async function checkServer (client: RedisClient): Promise<void> {
  try {
    await client.call('vcard', 'isthmus:no-such-key')
  } catch (cause) {
    if (!(cause instanceof Error && cause.message.includes('unknown command'))) return
    throw new IsthmusError('index_driver_unavailable', 'the Redis servers have no vector sets: Redis 8 has', { cause })
  }
}

/** Resolves when there is a connection, or after a while without: the index may begin with no shard. */
async function ready (client: RedisClient): Promise<void> {
  if (client.status === 'ready') return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    client.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
