import { sha256 } from '../../files/hash.ts'
import { MAX_HISTORY } from '../stores.ts'
import type { Tables } from './environment.ts'
import { decodeRecord, encodeRecord } from './record.ts'

/** One event as it is kept: item, unix milliseconds, what was done (purchases of a seed have no type), its value. */
export type KeptEvent = readonly [itemId: string, timestamp: number, type?: string, value?: number]

export function readHistory (tables: Tables, userId: string): KeptEvent[] | undefined {
  const record = tables.histories.get(userId)
  // encodeRecord was given a list of events, and its checksum holds.
  return record === undefined ? undefined : decodeRecord(record).value as KeptEvent[]
}

/** Puts an event where its time belongs, behind those of the same time. */
export function insertByTime (history: KeptEvent[], event: KeptEvent): void {
  let at = history.length
  while (at > 0 && history[at - 1]![1] > event[1]) at -= 1
  history.splice(at, 0, event)
}

export function writeHistory (tables: Tables, userId: string, history: readonly KeptEvent[]): void {
  tables.histories.putSync(userId, encodeRecord(history.slice(-MAX_HISTORY)))
}

export function isErased (tables: Tables, userId: string): boolean {
  return tables.erased.get(tombstone(userId)) !== undefined
}

/** The id itself is forgotten with the user. */
export function tombstone (userId: string): string {
  return sha256(userId)
}
