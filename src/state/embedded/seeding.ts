import { type Outbox, userMark } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import type { HistoryStore, SeedCounts, SeedHistory } from '../stores.ts'
import { insertEvent, type KeptEvent, placeOf, userKey } from '../user-state.ts'
import type { Tables } from './environment.ts'
import { readErased, readEvents, writeUser } from './users.ts'
import type { Writer } from './writer.ts'

/**
 * Events written in one transaction: of a log as many as writers of events can wait for, of a bundle fewer, since this
 * thread may be giving answers meanwhile.
 */
const GROUP_EVENTS = { keep: 1000, merge: 4000 }

/** How far a source was read. */
interface Progress { readonly read: number, readonly done: boolean }

/** See `HistoryStore.seed`. The progress is written with each group, so that a stopped call writes nothing twice. */
export function createSeeding (tables: Tables, writer: Writer, outbox: Outbox): HistoryStore['seed'] {
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
        return group.map((history) => bringIn(tables, outbox, history, known))
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
      if (size >= GROUP_EVENTS[known]) await flush(false)
    }
    await flush(true)
    return total
  }
}

function bringIn (
  tables: Tables, outbox: Outbox, { userId, events }: SeedHistory, known: 'keep' | 'merge'
): SeedCounts {
  const key = userKey(userId)
  if (readErased(tables, key) > 0) return { users: 0, events: 0 }
  const history = readEvents(tables, key)
  if (history !== undefined && known === 'keep') return { users: 0, events: 0 }
  const merged: KeptEvent[] = history ?? []
  const there = new Set(merged.map(placeOf))
  let added = 0
  for (const [i, { itemId, timestamp }] of events.entries()) {
    // Every instance has a bundle's histories; those of a log only the one that was given it, which shares them.
    const line: KeptEvent = known === 'keep' ? [itemId, timestamp, i + 1] : [itemId, timestamp, i + 1, '']
    const place = placeOf(line)
    if (there.has(place)) continue
    there.add(place)
    insertEvent(merged, line)
    added += 1
  }
  if (added === 0) return { users: 0, events: 0 }
  writeUser(tables, key, { erased: 0, events: merged })
  if (known === 'merge') outbox.mark(userMark(key))
  return { users: 1, events: added }
}

function readProgress (tables: Tables, source: string): Progress {
  const record = tables.sources.get(source)
  // encodeRecord was given a Progress, and its checksum holds.
  return record === undefined ? { read: 0, done: false } : decodeRecord(record).value as Progress
}
