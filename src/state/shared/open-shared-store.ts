import { setTimeout } from 'node:timers/promises'
import type { RedisAddress } from '../../config/redis-url.ts'
import { IsthmusError } from '../../errors.ts'
import { type Journal, userMark } from '../journal.ts'
import { createChangeLog } from '../redis/change-log.ts'
import { connectRedis } from '../redis/client.ts'
import { redisKeys } from '../redis/keys.ts'
import { createRedisReplica } from '../redis/redis-replica.ts'
import { parseKey } from '../register.ts'
import type { RemoteChange, Store } from '../stores.ts'
import { entriesOf, mergeUserStates, userKey, type UserState } from '../user-state.ts'
import { type BreakerState, createBreaker } from './breaker.ts'
import { createFollower, type ResyncReason } from './follower.ts'
import { startLoop } from './loop.ts'
import { sendMarked } from './sender.ts'

export interface SharedStoreOptions {
  readonly redis: RedisAddress
  /** Of one model family: instances that share it share histories and items. */
  readonly namespace: string
  /** How long a recommendation waits for a history, in milliseconds. */
  readonly timeoutMs?: number
  /** How long opening waits for the first contact, and closing for the last, in milliseconds. */
  readonly contactMs?: number
  /** Entries of the log that are kept, about. */
  readonly logLength?: number
  /** Unix milliseconds. */
  readonly now?: () => number
  readonly log?: SharedStoreLog
}

export interface SharedStoreLog {
  readonly info: (detail: object, message: string) => void
  readonly warn: (detail: object, message: string) => void
}

export interface SharedStoreStatus {
  readonly up: boolean
  readonly breaker: BreakerState
  /** Things that the shared store has not confirmed. */
  readonly outbox: number
  readonly lagSeconds: number
  /** How often the log had lost what this instance had not read, since it was opened. */
  readonly gaps: number
}

export interface SharedStore extends Store {
  /** Tells, from now on, of what other instances did, once this one holds it. One listener. */
  onRemote: (listener: (change: RemoteChange) => void) => void
  status: () => SharedStoreStatus
}

const POLL_MS = 100
/** The sender is woken by each write; this is for what it missed. */
const IDLE_MS = 2000
/** How long a background command may take: it holds up nobody. */
const PATIENCE_MS = 1000
const WARN_EVERY_MS = 60_000

/**
 * The store on disk with Redis as the view that instances share. A write is acknowledged when this disk has it, and
 * sent until Redis confirms; a history is read from Redis, with what is not yet sent, and from this disk alone where
 * Redis does not answer. `journal` is opened with `shared`, and closed with the store. Redis need not be there.
 */
export async function openSharedStore (journal: Journal, options: SharedStoreOptions): Promise<SharedStore> {
  const { redis, timeoutMs = 50, contactMs = 2000, now = Date.now, log } = options
  const keys = redisKeys(options.namespace)
  const quick = connectRedis(redis, { timeoutMs })
  const patient = connectRedis(redis, { timeoutMs: PATIENCE_MS })
  const changeLog = createChangeLog(patient, keys, options.logLength)
  const warn = atMostEvery(WARN_EVERY_MS, (detail: object, message: string) => log?.warn(detail, message))
  const replica = createRedisReplica({
    client: patient, keys, log: changeLog, onCorrupt: (kind) => warn({ kind }, 'a value in the shared store is not ours'),
  })
  const breaker = createBreaker()
  let tell: ((change: RemoteChange) => void) | undefined
  const health = { up: undefined as boolean | undefined, gaps: 0, lagSeconds: 0 }
  let closing: Promise<void> | undefined

  const setUp = (now: boolean, err?: unknown): void => {
    if (health.up === now) return
    health.up = now
    if (now) log?.info({}, 'the shared store answers')
    else log?.warn({ reason: reasonOf(err) }, 'the shared store does not answer; this instance goes on with its own')
  }
  const onChanged = (changed: readonly string[]): void => {
    if (tell !== undefined) for (const key of changed) tellOf(key, tell)
  }
  const tellOf = (key: string, listener: (change: RemoteChange) => void): void => {
    const { kind, name = '' } = parseKey(key) ?? {}
    if (kind === 'item') listener({ kind, itemId: name })
    const choice = kind === 'model' ? journal.chosenModel(name) : undefined
    if (choice !== undefined) listener({ kind: 'model', choice })
  }
  const onResync = (reason: ResyncReason): void => {
    if (reason !== 'first') health.gaps += 1
    log?.info({ reason }, reason === 'first' ? 'items and erasures read' : 'stream_gap_detected')
  }

  const follow = createFollower({
    journal, log: changeLog, replica, now, onChanged, onResync, onLag: (ms) => { health.lagSeconds = ms / 1000 },
  })
  let contact = (): void => {}
  const contacted = new Promise<void>((resolve) => { contact = resolve })
  const follower = startLoop(async () => {
    try {
      const entries = await follow()
      setUp(true)
      contact()
      return entries > 0 ? 0 : POLL_MS
    } catch (error) {
      setUp(false, error)
      throw error
    }
  })
  const sender = startLoop(async () => await sendMarked(journal, replica) > 0 ? 0 : IDLE_MS)
  journal.outbox.onMark(() => { sender.wake() })

  async function historyOf (key: string): Promise<UserState> {
    // Asked first: what is confirmed after this is in Redis before it is read.
    const unsent = journal.outbox.has(userMark(key))
    const shared = await breaker.run(async () => await replica.user(key, quick))
    if (shared === undefined) return journal.user(key)
    return unsent ? mergeUserStates(shared, journal.user(key)) : shared
  }

  async function sendAll (): Promise<void> {
    const stop = AbortSignal.timeout(contactMs)
    while (journal.outbox.depth > 0 && health.up === true && !stop.aborted) await setTimeout(10)
  }

  async function close (): Promise<void> {
    await sendAll()
    const stopped = Promise.all([follower.stop(), sender.stop()])
    // A command under way is not waited for without end; what it would have confirmed is sent again by the next start.
    await Promise.race([stopped, setTimeout(contactMs, undefined, { ref: false })])
    quick.disconnect()
    patient.disconnect()
    await stopped
    await journal.close()
  }

  await Promise.race([contacted, setTimeout(contactMs, undefined, { ref: false })])
  if (health.up === undefined) setUp(false)

  return {
    ...journal,

    async history (userId, limit) {
      const key = userKey(userId)
      try {
        return { entries: entriesOf((await historyOf(key)).events, limit), degradedReasons: [] }
      } catch (error) {
        if (error instanceof IsthmusError && error.code === 'store_corrupt') throw error
        return { entries: entriesOf(journal.user(key).events, limit), degradedReasons: ['shared_store_unavailable'] }
      }
    },

    onRemote (listener) { tell = listener },

    status: () => ({
      ...health, up: health.up === true, breaker: breaker.state, outbox: journal.outbox.depth,
    }),

    close: async () => await (closing ??= close()),
  }
}

/** What a server, or the way to it, says: no address and nothing that was sent. */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return 'no answer yet'
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.name
}

function atMostEvery<A extends unknown[]> (ms: number, call: (...args: A) => void): (...args: A) => void {
  let next = 0
  return (...args) => {
    if (performance.now() < next) return
    next = performance.now() + ms
    call(...args)
  }
}
