import { createHash, randomUUID } from 'node:crypto'
import { createBreaker } from '../state/shared/breaker.ts'
import { type RedisClient, runScript, script } from '../state/redis/client.ts'

/** One vector set, what it is to hold, and whether it does. */
export interface ClusterShard {
  /** Names of about `count` nearest, or undefined where the shard does not answer or lacks what it should hold. */
  near: (query: Float32Array, count: number) => Promise<string[] | undefined>
  /** Fails where Redis does not take all of them. */
  add: (vectors: Iterable<readonly [name: string, vector: Float32Array]>) => Promise<void>
  /** Tried once. */
  remove: (name: string) => void
  /** Fills the set where nobody has, and says whether it is full. Never fails. */
  check: () => Promise<boolean>
  /** Called when a search has found the shard missing that was not. */
  onMissing: (listener: () => void) => void
}

export interface ShardKeys {
  /** The vector set. */
  readonly set: string
  /** Set where the vector set is full. */
  readonly full: string
  /** Whoever fills the set now. */
  readonly lease: string
}

export interface ClusterShardOptions {
  readonly quick: RedisClient
  readonly patient: RedisClient
  readonly keys: ShardKeys
  readonly efSearch: number
  /** All that this instance knows of the shard. */
  readonly vectors: () => Iterable<readonly [name: string, vector: Float32Array]>
}

/** Added at once: Redis takes about a millisecond for each. */
const GROUP = 64
/** A set that no instance has looked at for so long is dropped: its model is not served any more. */
const KEPT_SECONDS = 24 * 60 * 60
const LEASE_MS = 15_000
const WAIT_MS = 200

/** Takes the lease KEYS[1] for ARGV[1] and ARGV[2] ms, or keeps it. 1 if it is ours. */
const LEASE = script(`
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1`)

/** How many vectors KEYS[1] holds; -1 where KEYS[2] does not say that it is full. Both are kept ARGV[1] s more. */
const LOOK = script(`
  local full = redis.call('EXPIRE', KEYS[2], ARGV[1])
  if redis.call('EXPIRE', KEYS[1], ARGV[1]) == 0 then return full - 1 end
  return full == 1 and redis.call('VCARD', KEYS[1]) or -1`)

export function createClusterShard ({ quick, patient, keys, efSearch, vectors }: ClusterShardOptions): ClusterShard {
  const breaker = createBreaker()
  const instance = randomUUID()
  let full = false
  let missing = (): void => {}

  const lost = (): void => {
    if (!full) return
    full = false
    missing()
  }

  async function put (name: string, vector: Float32Array): Promise<void> {
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
    const digest = JSON.stringify({ sha: createHash('sha1').update(bytes).digest('hex').slice(0, 16) })
    // Each instance puts what any instance took: a look costs a fiftieth of putting it again.
    if (await patient.call('vgetattr', keys.set, name) === digest) return
    await patient.call('vadd', keys.set, 'FP32', bytes, name, 'SETATTR', digest)
  }

  async function add (
    some: Iterable<readonly [name: string, vector: Float32Array]>, each?: () => Promise<void>
  ): Promise<void> {
    let group: Array<Promise<void>> = []
    for (const [name, vector] of some) {
      group.push(put(name, vector))
      if (group.length < GROUP) continue
      await settled(group)
      await each?.()
      group = []
    }
    await settled(group)
  }

  async function look (): Promise<boolean> {
    const held = Number(await runScript(patient, LOOK, [keys.set, keys.full], [KEPT_SECONDS]))
    return held > 0 || (held === 0 && isEmpty(vectors()))
  }

  /** One instance fills a set, the others wait; where it is gone, the next one takes over. */
  async function fill (): Promise<void> {
    for (;;) {
      if (await look()) return
      if (await runScript(patient, LEASE, [keys.lease], [instance, LEASE_MS]) === 1) break
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
    }
    await add(vectors(), async () => { await runScript(patient, LEASE, [keys.lease], [instance, LEASE_MS]) })
    await patient.set(keys.full, '1', 'EX', KEPT_SECONDS)
    await patient.del(keys.lease)
  }

  return {
    async near (query, count) {
      try {
        const bytes = Buffer.from(query.buffer, query.byteOffset, query.byteLength)
        // The answer of the command, where the set is there and where it is not.
        const found = await breaker.run(async () => await quick.call(
          'vsim', keys.set, 'FP32', bytes, 'COUNT', count, 'EF', Math.max(count, efSearch))) as string[] | null
        if (found?.length === 0 && full && !isEmpty(vectors())) lost()
        return full ? found ?? [] : undefined
      } catch {
        // Whatever is wrong with the way or the server: the answer goes on without this shard, and says so.
        lost()
        return undefined
      }
    },
    add: async (some) => await add(some),
    remove (name) {
      patient.call('vrem', keys.set, name).catch(() => {})
    },
    async check () {
      try {
        if (!await look()) {
          full = false
          await fill()
        }
        full = true
      } catch {
        full = false
      }
      return full
    },
    onMissing (listener) { missing = listener },
  }
}

function isEmpty (some: Iterable<unknown>): boolean {
  return some[Symbol.iterator]().next().done === true
}

/** Fails, when all of them are done, as the first one that failed. */
async function settled (work: ReadonlyArray<Promise<void>>): Promise<void> {
  for (const one of await Promise.allSettled(work)) if (one.status === 'rejected') throw one.reason
}
