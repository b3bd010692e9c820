import type { HistoryStore, SeedCounts, SeedHistory } from '../stores.ts'
import type { Tables } from './environment.ts'
import { insertByTime, isErased, type KeptEvent, readHistory, writeHistory } from './kept-history.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import type { Writer } from './writer.ts'

/** Histories written in one transaction: few enough that writers of events are not kept waiting. */
const GROUP_EVENTS = 4000

/** How far a source was read. */
interface Progress { readonly read: number, readonly done: boolean }

/** See `HistoryStore.seed`. The progress is written with each group, so that a stopped call writes nothing twice. */
export function createSeeding (tables: Tables, writer: Writer): HistoryStore['seed'] {
  return async (source, histories, { known = 'keep', onProgress } = {}) => {
    const before = readProgress(tables, source)
    const total = { users: 0, events: 0 }
    if (before.done) return total
    let read = 0
    let group: SeedHistory[] = []
    let size = 0

    const flush = async (done: boolean): Promise<void> => {
      const written = await writer.write(() => {
        tables.sources.putSync(source, encodeRecord({ read, done } satisfies Progress))
        return group.map((history) => bringIn(tables, history, known))
      }, 64 * size + 256)
      for (const { users, events } of written) {
        total.users += users
        total.events += events
      }
      group = []
      size = 0
      onProgress?.(read)
    }

    for await (const history of histories) {
      read += 1
      if (read <= before.read) continue
      group.push(history)
      size += history.events.length + 1
      if (size >= GROUP_EVENTS) await flush(false)
    }
    await flush(true)
    return total
  }
}

function bringIn (tables: Tables, { userId, events }: SeedHistory, known: 'keep' | 'merge'): SeedCounts {
  if (isErased(tables, userId)) return { users: 0, events: 0 }
  const history = readHistory(tables, userId)
  if (history !== undefined && known === 'keep') return { users: 0, events: 0 }
  const merged: KeptEvent[] = history ?? []
  const there = new Set(merged.map(([itemId, timestamp]) => `${timestamp} ${itemId}`))
  let added = 0
  for (const { itemId, timestamp } of events) {
    const key = `${timestamp} ${itemId}`
    if (there.has(key)) continue
    there.add(key)
    insertByTime(merged, [itemId, timestamp])
    added += 1
  }
  if (added === 0) return { users: 0, events: 0 }
  writeHistory(tables, userId, merged)
  return { users: 1, events: added }
}

function readProgress (tables: Tables, source: string): Progress {
  const record = tables.sources.get(source)
  // encodeRecord was given a Progress, and its checksum holds.
  return record === undefined ? { read: 0, done: false } : decodeRecord(record).value as Progress
}
