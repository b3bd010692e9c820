import { sha256 } from '../../files/hash.ts'
import type { Clock } from '../clock.ts'
import { type Outbox, userMark } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { registerKey } from '../register.ts'
import {
  EVENT_ID_KEPT, type EventOutcome, type HistoryStore, MAX_PER_USER_ITEM_DAY, type StoredEvent,
} from '../stores.ts'
import { entriesOf, insertEvent, type KeptEvent, shortId, userKey } from '../user-state.ts'
import type { Tables } from './environment.ts'
import { createSeeding } from './seeding.ts'
import { readErased, readEvents, readUser, writeUser } from './users.ts'
import type { Writer } from './writer.ts'

const DAY = 24 * 60 * 60 * 1000
/** Ids forgotten with each write: more than one write brings, so that old ones never pile up. */
const FORGET_AT_ONCE = 64

export interface HistoriesDeps {
  readonly tables: Tables
  readonly writer: Writer
  readonly outbox: Outbox
  readonly clock: Clock
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Histories on disk: one record a user, of at most MAX_HISTORY events. */
export function createHistories (deps: HistoriesDeps): HistoryStore {
  const { tables, writer, outbox, clock } = deps
  return {
    append: async (events) => await writer.write(() => append(deps, events), events.length * 256),

    async history (userId, limit) {
      const { events } = readUser(tables, userKey(userId))
      return { entries: entriesOf(events, limit), degradedReasons: [] }
    },

    erase: async (userId) => await writer.write(() => {
      const key = userKey(userId)
      const { erased, events } = readUser(tables, key)
      const latest = events.reduce((latest, [,, arrival]) => Math.max(latest, arrival), erased)
      writeUser(tables, key, { erased: clock.next(latest), events: [] })
      outbox.mark(userMark(key))
      outbox.mark(registerKey('user', key))
    }, 256),

    isErased: (userId) => readErased(tables, userKey(userId)) > 0,
    seed: createSeeding(tables, writer, outbox),
  }
}

function append ({ tables, outbox, clock, now }: HistoriesDeps, events: readonly StoredEvent[]): EventOutcome[] {
  const time = now()
  const users = new Map<string, { erased: number, events: KeptEvent[] }>()
  const ids = new Map<string, { digest: string, expires: number }>()
  const outcomes = events.map((event): EventOutcome => {
    const { eventId, itemId, timestamp, type, value } = event
    const digest = bodyDigest(event)
    const known = ids.get(eventId)?.digest ?? readDigest(tables, eventId)
    if (known !== undefined) return known === digest ? 'duplicate' : 'conflict'
    const key = userKey(event.userId)
    const user = users.get(key) ?? { erased: readErased(tables, key), events: readEvents(tables, key) ?? [] }
    if (countOfDay(user.events, itemId, timestamp) >= MAX_PER_USER_ITEM_DAY) return 'stuffing'
    const kept = [itemId, timestamp, clock.next(user.erased), shortId(eventId), type] as const
    insertEvent(user.events, value === undefined ? kept : [...kept, value])
    users.set(key, user)
    ids.set(eventId, { digest, expires: Math.max(timestamp, time) + EVENT_ID_KEPT })
    return 'accepted'
  })
  for (const [key, user] of users) {
    writeUser(tables, key, user)
    outbox.mark(userMark(key))
  }
  for (const [eventId, { digest, expires }] of ids) {
    tables.events.putSync(eventId, encodeRecord(digest))
    tables.expiries.putSync([expires, eventId], encodeRecord(true))
  }
  forgetIds(tables, time, Math.max(FORGET_AT_ONCE, 2 * events.length))
  return outcomes
}

function readDigest (tables: Tables, eventId: string): string | undefined {
  const record = tables.events.get(eventId)
  return record === undefined ? undefined : decodeRecord(record).value as string
}

/** Two events with one id are the same where this is. */
function bodyDigest ({ userId, itemId, type, timestamp, undated, value }: StoredEvent): string {
  return sha256(JSON.stringify([userId, itemId, type, undated === true ? null : timestamp, value ?? null])).slice(0, 32)
}

function countOfDay (history: readonly KeptEvent[], itemId: string, timestamp: number): number {
  const day = Math.floor(timestamp / DAY)
  return history.filter(([item, time]) => item === itemId && Math.floor(time / DAY) === day).length
}

/** An event that is older than its id is kept is refused for its age, so its id need not be known any longer. */
function forgetIds (tables: Tables, time: number, count: number): void {
  const old = [...tables.expiries.getKeys({ end: [time, ''], limit: count })]
  for (const key of old) {
    tables.expiries.removeSync(key)
    tables.events.removeSync(key[1])
  }
}
