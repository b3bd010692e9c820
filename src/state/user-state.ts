import { sha256 } from '../files/hash.ts'
import { type HistoryEntry, MAX_HISTORY } from './stores.ts'

/**
 * One event as it is kept. A line of a bundle has an item, a time (unix milliseconds) and its place in that history,
 * from 1; a line of an imported log has an empty id after these; an event that was posted has its arrival (`Clock`) in
 * place of the place, then a short form of its id, its type and perhaps a value.
 */
export type KeptEvent = readonly [
  itemId: string, timestamp: number, arrival: number, id?: string, type?: string, value?: number
]

/**
 * All that is kept of one user. Any two states of a user can be merged, in any order and any number of times, with
 * one result: that is what lets instances that did not see each other agree.
 */
export interface UserState {
  /** Arrival up to which everything is forgotten; 0 where the user was never erased. */
  readonly erased: number
  /** By time, then arrival, then id; at most MAX_HISTORY. */
  readonly events: readonly KeptEvent[]
}

export const NO_STATE: UserState = { erased: 0, events: [] }

/** What stands for a user in every store: an erased id itself is nowhere. */
export function userKey (userId: string): string {
  return sha256(userId)
}

/** Stands for an event's id inside its user's history. */
export function shortId (eventId: string): string {
  return sha256(eventId).slice(0, 16)
}

export function mergeUserStates (a: UserState, b: UserState): UserState {
  const erased = Math.max(a.erased, b.erased)
  const posted = new Map<string, KeptEvent>()
  const logged = new Map<string, KeptEvent>()
  for (const event of [...a.events, ...b.events]) {
    const [,, arrival, id] = event
    const isLine = id === undefined || id === ''
    // All lines of logs are of the time before.
    if (isLine ? erased > 0 : arrival <= erased) continue
    const [known, key] = isLine ? [logged, placeOf(event)] : [posted, id]
    const other = known.get(key)
    if (other === undefined || compareKept(event, other) < 0) known.set(key, event)
  }
  for (const event of posted.values()) logged.delete(placeOf(event))
  const events = [...logged.values(), ...posted.values()].sort(compareEvents)
  return { erased, events: events.slice(-MAX_HISTORY) }
}

export function compareEvents (a: KeptEvent, b: KeptEvent): number {
  return a[1] - b[1] || a[2] - b[2] || compareText(`${a[3] ?? ''} ${a[0]}`, `${b[3] ?? ''} ${b[0]}`)
}

/** False of the lines of a bundle: every instance that serves it has them. */
export function isShared ([,,, id]: KeptEvent): boolean {
  return id !== undefined
}

/**
 * Which of two forms of one event stays: a shared one, then the last to arrive (an erasure may come between them), then
 * any, but always the same.
 */
function compareKept (a: KeptEvent, b: KeptEvent): number {
  return Number(isShared(b)) - Number(isShared(a)) || b[2] - a[2] || compareText(JSON.stringify(a), JSON.stringify(b))
}

/** The latest `limit`, as readers see them. */
export function entriesOf (events: readonly KeptEvent[], limit: number): HistoryEntry[] {
  return events.slice(Math.max(0, events.length - limit)).map(([itemId, timestamp]) => ({ itemId, timestamp }))
}

/** Puts an event where it belongs. */
export function insertEvent (events: KeptEvent[], event: KeptEvent): void {
  let at = events.length
  while (at > 0 && compareEvents(events[at - 1]!, event) > 0) at -= 1
  events.splice(at, 0, event)
}

/** Two lines of logs are one event where these are equal. */
export function placeOf ([itemId, timestamp]: KeptEvent): string {
  return `${timestamp} ${itemId}`
}

/** Of JSON from elsewhere; undefined where it is not a state. */
export function checkUserState (value: unknown): UserState | undefined {
  if (typeof value !== 'object' || value === null || !('erased' in value) || !('events' in value)) return undefined
  const { erased, events } = value
  if (!isTime(erased) || !Array.isArray(events) || events.length > MAX_HISTORY) return undefined
  return events.every(isKeptEvent) ? { erased, events } : undefined
}

function isKeptEvent (value: unknown): value is KeptEvent {
  if (!Array.isArray(value)) return false
  const [itemId, timestamp, arrival, id = '', type = '', number = 0, ...rest] = value as unknown[]
  return rest.length === 0 && typeof itemId === 'string' && isTime(timestamp) && isTime(arrival) &&
    typeof id === 'string' && typeof type === 'string' && typeof number === 'number'
}

function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function compareText (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
