import { decodeRecord, encodeRecord } from '../record.ts'
import type { KeptEvent, UserState } from '../user-state.ts'
import { MAX_HISTORY } from '../stores.ts'
import type { Tables } from './environment.ts'

/** What is kept of a user; see `userKey`. */
export function readUser (tables: Tables, key: string): UserState {
  return { erased: readErased(tables, key), events: readEvents(tables, key) ?? [] }
}

/** Undefined where there is no history. */
export function readEvents (tables: Tables, key: string): KeptEvent[] | undefined {
  const record = tables.histories.get(key)
  // encodeRecord was given a list of events, and its checksum holds.
  return record === undefined ? undefined : decodeRecord(record).value as KeptEvent[]
}

/** The arrival up to which a user is forgotten; 0 where it was never erased. */
export function readErased (tables: Tables, key: string): number {
  const record = tables.erased.get(key)
  return record === undefined ? 0 : decodeRecord(record).value as number
}

export function writeUser (tables: Tables, key: string, { erased, events }: UserState): void {
  if (events.length === 0) tables.histories.removeSync(key)
  else tables.histories.putSync(key, encodeRecord(events.slice(-MAX_HISTORY)))
  if (erased > 0) tables.erased.putSync(key, encodeRecord(erased))
}
