import { randomUUID } from 'node:crypto'
import type { Engine } from '../recommend/engine.ts'
import { STORED_LIMIT } from '../recommend/recommend.ts'
import type { HistoryStore, StoredEvent } from '../state/stores.ts'
import { createKeyedLock } from './keyed-lock.ts'
import type { EventBody } from './schemas.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const MAX_AHEAD = 5 * MINUTE
const MAX_BEHIND = 7 * DAY
/** Events that one user may send of one item on one day (UTC): the rest is stuffing and would bend histories. */
const MAX_PER_USER_ITEM_DAY = 100

export type EventRefusal = 'validation_failed' | 'conflict' | 'future' | 'too_old' | 'gone' | 'stuffing'

export interface EventsResult {
  readonly accepted: number
  readonly duplicates: number
  readonly unknownItems: number
  readonly rejected: ReadonlyArray<{ readonly index: number, readonly code: EventRefusal }>
}

export interface EventJournalDeps {
  readonly store: HistoryStore
  readonly engine: Pick<Engine, 'describe'>
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Takes what users did: checked event by event, then written together before the answer. `undefined`: not an event. */
export type TakeEvents = (events: ReadonlyArray<EventBody | undefined>) => Promise<EventsResult>

export function createEventJournal ({ store, engine, now }: EventJournalDeps): TakeEvents {
  const locks = createKeyedLock()

  async function write (events: ReadonlyArray<EventBody | undefined>): Promise<EventsResult> {
    const time = now()
    const counts = dayCounts(store)
    const rejected: Array<{ index: number, code: EventRefusal }> = []
    const taken: Array<{ index: number, event: StoredEvent }> = []
    for (const [index, body] of events.entries()) {
      const event = body === undefined ? undefined : toStored(body, time)
      const code = event === undefined ? 'validation_failed' : refusal(event, time, store, counts)
      if (code !== undefined) rejected.push({ index, code })
      else if (event !== undefined) taken.push({ index, event })
    }
    const outcomes = taken.length === 0 ? [] : await store.append(taken.map(({ event }) => event))
    for (const [i, { index }] of taken.entries()) {
      if (outcomes[i] === 'conflict') rejected.push({ index, code: 'conflict' })
    }
    const accepted = taken.filter((_, i) => outcomes[i] === 'accepted').map(({ event }) => event)
    return {
      accepted: accepted.length,
      duplicates: outcomes.filter((outcome) => outcome === 'duplicate').length,
      unknownItems: await countUnknown(engine, accepted),
      rejected: rejected.sort((a, b) => a.index - b.index),
    }
  }

  return async (events) =>
    // One user's calls one after another, or two at once would both pass the cap.
    await locks.run(events.flatMap((event) => event?.userId ?? []), async () => await write(events))
}

function toStored (body: EventBody, time: number): StoredEvent {
  const { eventId, userId, itemId, type = 'purchase', timestamp = time, value } = body
  return {
    eventId: eventId?.toLowerCase() ?? randomUUID(),
    userId,
    itemId,
    type,
    timestamp,
    ...(value === undefined ? {} : { value }),
  }
}

function refusal (
  event: StoredEvent, time: number, store: HistoryStore, counts: (event: StoredEvent) => number
): EventRefusal | undefined {
  if (event.timestamp > time + MAX_AHEAD) return 'future'
  if (event.timestamp < time - MAX_BEHIND) return 'too_old'
  if (store.isErased(event.userId)) return 'gone'
  return counts(event) > MAX_PER_USER_ITEM_DAY ? 'stuffing' : undefined
}

/** Counts an event with what is stored and what the call brought before it: user, item and day alike. */
function dayCounts (store: HistoryStore): (event: StoredEvent) => number {
  const users = new Map<string, Map<string, number>>()
  const key = (itemId: string, timestamp: number): string => `${Math.floor(timestamp / DAY)} ${itemId}`
  return ({ userId, itemId, timestamp }) => {
    let days = users.get(userId)
    if (days === undefined) {
      days = new Map()
      for (const entry of store.history(userId, STORED_LIMIT)) {
        const at = key(entry.itemId, entry.timestamp)
        days.set(at, (days.get(at) ?? 0) + 1)
      }
      users.set(userId, days)
    }
    const at = key(itemId, timestamp)
    const count = (days.get(at) ?? 0) + 1
    days.set(at, count)
    return count
  }
}

async function countUnknown (engine: Pick<Engine, 'describe'>, events: readonly StoredEvent[]): Promise<number> {
  const ids = [...new Set(events.map(({ itemId }) => itemId))]
  const views = await Promise.all(ids.map(async (itemId) => await engine.describe(itemId)))
  const unknown = new Set(ids.filter((_, i) => views[i] === undefined))
  return events.filter(({ itemId }) => unknown.has(itemId)).length
}
