import { randomUUID } from 'node:crypto'
import type { Engine } from '../recommend/engine.ts'
import type { HistoryStore, StoredEvent } from '../state/stores.ts'
import type { EventBody } from './schemas.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const MAX_AHEAD = 5 * MINUTE
const MAX_BEHIND = 7 * DAY

export type EventRefusal = 'validation_failed' | 'conflict' | 'future' | 'too_old' | 'stuffing'

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
  return async (events) => {
    const time = now()
    const rejected: Array<{ index: number, code: EventRefusal }> = []
    const taken: Array<{ index: number, event: StoredEvent }> = []
    for (const [index, body] of events.entries()) {
      const event = body === undefined ? undefined : toStored(body, time)
      const code = event === undefined ? 'validation_failed' : refusal(event, time)
      if (code !== undefined) rejected.push({ index, code })
      else if (event !== undefined) taken.push({ index, event })
    }
    const outcomes = taken.length === 0 ? [] : await store.append(taken.map(({ event }) => event))
    for (const [i, { index }] of taken.entries()) {
      const outcome = outcomes[i]!
      if (outcome !== 'accepted' && outcome !== 'duplicate') rejected.push({ index, code: outcome })
    }
    const accepted = taken.filter((_, i) => outcomes[i] === 'accepted').map(({ event }) => event)
    return {
      accepted: accepted.length,
      duplicates: outcomes.filter((outcome) => outcome === 'duplicate').length,
      unknownItems: await countUnknown(engine, accepted),
      rejected: rejected.sort((a, b) => a.index - b.index),
    }
  }
}

function toStored (body: EventBody, time: number): StoredEvent {
  const { eventId, userId, itemId, type = 'purchase', timestamp, value } = body
  return {
    eventId: eventId?.toLowerCase() ?? randomUUID(),
    userId,
    itemId,
    type,
    ...(timestamp === undefined ? { timestamp: time, undated: true } : { timestamp }),
    ...(value === undefined ? {} : { value }),
  }
}

/** What the store cannot know: whether an event's time can be true. */
function refusal ({ timestamp }: StoredEvent, time: number): EventRefusal | undefined {
  if (timestamp > time + MAX_AHEAD) return 'future'
  return timestamp < time - MAX_BEHIND ? 'too_old' : undefined
}

async function countUnknown (engine: Pick<Engine, 'describe'>, events: readonly StoredEvent[]): Promise<number> {
  const ids = [...new Set(events.map(({ itemId }) => itemId))]
  const views = await Promise.all(ids.map(async (itemId) => await engine.describe(itemId)))
  const unknown = new Set(ids.filter((_, i) => views[i] === undefined))
  return events.filter(({ itemId }) => unknown.has(itemId)).length
}
