import { decodeRecord, encodeRecord } from '../record.ts'
import { type KeptEvent, shortId, userKey } from '../user-state.ts'
import type { Tables } from './environment.ts'
import { writeUser } from './users.ts'

type FirstEvent = readonly [itemId: string, timestamp: number, type?: string, value?: number]

/**
 * Inside a transaction: what the first format knew, as the second has it. Histories were kept by userId, their events
 * without arrival and id, and tombstones in milliseconds.
 */
export function upgradeFirstFormat (tables: Tables): void {
  for (const { key, value } of [...tables.erased.getRange()]) {
    tables.erased.putSync(key, encodeRecord(1000 * (decodeRecord(value).value as number)))
  }
  for (const { key: userId, value } of [...tables.histories.getRange()]) {
    const events = decodeRecord(value).value as FirstEvent[]
    tables.histories.removeSync(userId)
    writeUser(tables, userKey(userId), { erased: 0, events: events.map(upgradeEvent) })
  }
}

function upgradeEvent ([itemId, timestamp, type, value]: FirstEvent, i: number): KeptEvent {
  const line = [itemId, timestamp, i + 1] as const
  if (type === undefined) return line
  const posted = [...line, shortId(`${i} ${timestamp} ${itemId}`), type] as const
  return value === undefined ? posted : [...posted, value]
}
