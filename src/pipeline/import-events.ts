import type { BadRow, BadRows } from '../data/bad-rows.ts'
import { type LoggedEvent, readEvents } from '../data/read-events.ts'
import { findInteractions } from '../data/sources.ts'
import { IsthmusError } from '../errors.ts'
import { canonicalJson, sha256, sha256File } from '../files/hash.ts'
import { type HistoryStore, MAX_HISTORY, type SeedCounts, type SeedHistory } from '../state/stores.ts'

export interface ImportOptions {
  /** Files, or folders with `interactions*`. */
  readonly inputs: readonly string[]
  readonly store: Pick<HistoryStore, 'seed'>
  /** Share of bad rows beyond which nothing is imported. */
  readonly maxBadShare?: number
  readonly onBadRow?: (row: BadRow) => void
  /** Told once, when all is read and before the store takes any. */
  readonly onRead?: (rows: BadRows) => void
  /** Told after each group that is on the disk, with the users read so far. */
  readonly onProgress?: (users: number) => void
  readonly signal?: AbortSignal
}

/**
 * Adds the events of a log to the histories in a store: an event (user, item, time) that is there already stays one,
 * users who were erased stay forgotten, and the same bytes are imported once. A call that was stopped goes on where it
 * left off. Returns the users who got events, and those events. Errors: those of `readEvents` and of the store.
 */
export async function importEvents (options: ImportOptions): Promise<SeedCounts> {
  const { inputs, store, maxBadShare, onBadRow, onRead, onProgress, signal } = options
  const digests: string[] = []
  for (const { path } of await findInteractions(inputs)) digests.push(await sha256File(path))
  const events = readEvents(inputs, {
    ...(maxBadShare !== undefined && { maxBadShare }),
    ...(onBadRow && { onBadRow }),
    ...(onRead && { onRead }),
    ...(signal && { signal }),
  })
  try {
    return await store.seed(`import/${sha256(canonicalJson(digests))}`, byUser(events), {
      known: 'merge', ...(onProgress && { onProgress }),
    })
  } catch (cause) {
    if (!(cause instanceof IsthmusError) || cause.code !== 'interrupted') throw cause
    throw new IsthmusError('interrupted', 'stopped; the same command goes on where it left off', { cause })
  }
}

/** Batches that come by user and time, as one history a user: of a longer one the latest that a store keeps. */
async function * byUser (batches: AsyncIterable<readonly LoggedEvent[]>): AsyncGenerator<SeedHistory> {
  let userId: string | undefined
  let events: Array<SeedHistory['events'][number]> = []
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.userId !== userId) {
        if (userId !== undefined) yield { userId, events: events.slice(-MAX_HISTORY) }
        userId = event.userId
        events = []
      }
      events.push({ itemId: event.itemId, timestamp: event.timestamp })
      if (events.length === 2 * MAX_HISTORY) events = events.slice(-MAX_HISTORY)
    }
  }
  if (userId !== undefined) yield { userId, events: events.slice(-MAX_HISTORY) }
}
