import { sha256 } from '../../files/hash.ts'
import {
  EVENT_ID_KEPT, type EventOutcome, type HistoryStore, MAX_PER_USER_ITEM_DAY, type StoredEvent,
} from '../stores.ts'
import type { Tables } from './environment.ts'
import { insertByTime, isErased, type KeptEvent, readHistory, tombstone, writeHistory } from './kept-history.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import { createSeeding } from './seeding.ts'
import type { Writer } from './writer.ts'

const DAY = 24 * 60 * 60 * 1000
/** Ids forgotten with each write: more than one write brings, so that old ones never pile up. */
const FORGET_AT_ONCE = 64

/** Histories on disk: one record a user, of at most MAX_HISTORY events. */
export function createHistories (tables: Tables, writer: Writer, now: () => number): HistoryStore {
  return {
    append: async (events) => await writer.write(() => append(tables, events, now()), events.length * 256),

    history (userId, limit) {
      const kept = readHistory(tables, userId) ?? []
      const from = Math.max(0, kept.length - limit)
      return kept.slice(from).map(([itemId, timestamp]) => ({ itemId, timestamp }))
    },

    erase: async (userId) => await writer.write(() => {
      tables.histories.removeSync(userId)
      tables.erased.putSync(tombstone(userId), encodeRecord(now()))
    }, 256),

    isErased: (userId) => isErased(tables, userId),
    seed: createSeeding(tables, writer),
  }
}

function append (tables: Tables, events: readonly StoredEvent[], time: number): EventOutcome[] {
  const histories = new Map<string, KeptEvent[]>()
  const ids = new Map<string, { digest: string, expires: number }>()
  const outcomes = events.map((event): EventOutcome => {
    const { eventId, userId, itemId, timestamp, type, value } = event
    if (isErased(tables, userId)) return 'gone'
    const digest = bodyDigest(event)
    const known = ids.get(eventId)?.digest ?? readDigest(tables, eventId)
    if (known !== undefined) return known === digest ? 'duplicate' : 'conflict'
    const history = histories.get(userId) ?? readHistory(tables, userId) ?? []
    if (countOfDay(history, itemId, timestamp) >= MAX_PER_USER_ITEM_DAY) return 'stuffing'
    insertByTime(history, value === undefined ? [itemId, timestamp, type] : [itemId, timestamp, type, value])
    histories.set(userId, history)
    ids.set(eventId, { digest, expires: Math.max(timestamp, time) + EVENT_ID_KEPT })
    return 'accepted'
  })
  for (const [userId, history] of histories) writeHistory(tables, userId, history)
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
