import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refuseBadShare } from './bad-rows.ts'
import type { BadRow, BadRows } from './bad-rows.ts'
import { DEFAULT_LIMITS, openDatabase } from './duckdb.ts'
import type { Database, DatabaseLimits } from './duckdb.ts'
import { stageEvents } from './events.ts'
import { DEFAULT_PREPARE } from './prepare-settings.ts'
import { findInteractions } from './sources.ts'

/** An event of a log. */
export interface LoggedEvent {
  readonly userId: string
  readonly itemId: string
  readonly domain?: string
  /** Unix milliseconds. */
  readonly timestamp: number
  /** The column `rating`, 0 to 5. */
  readonly value?: number
}

export interface ReadEventsOptions {
  /** Where the work files go: about twice the size of the log, uncompressed. */
  readonly folder?: string
  readonly limits?: DatabaseLimits
  /** The share of rows that may be bad; above it nothing is given out. */
  readonly maxBadShare?: number
  /** Told of each bad row that is named, before the first batch. */
  readonly onBadRow?: (row: BadRow) => void
  /** Told once, before the first batch. */
  readonly onRead?: (rows: BadRows) => void
  readonly signal?: AbortSignal
}

/**
 * The events of logs (files, or folders with `interactions*`; CSV, JSONL, Parquet, gzip), in batches of about 2,000:
 * by user id, within a user by time, then by place in the input. Out of core, so that a log may be larger than memory.
 * The column `domain` may be absent. Throws `input_missing`, `input_unreadable`, `column_missing`,
 * `too_many_bad_rows` and `interrupted`.
 */
export async function * readEvents (
  inputs: string | readonly string[], options: ReadEventsOptions = {}
): AsyncGenerator<readonly LoggedEvent[]> {
  const { limits = DEFAULT_LIMITS, maxBadShare = DEFAULT_PREPARE.maxBadShare, onBadRow, onRead, signal } = options
  const sources = await findInteractions(typeof inputs === 'string' ? [inputs] : inputs)
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), 'isthmus-events-'))
  let db: Database | undefined
  try {
    db = await openDatabase(folder, limits, signal)
    const { bad } = await stageEvents(db, sources, { domainRequired: false, ratings: true })
    for (const row of bad.first) onBadRow?.(row)
    refuseBadShare('events', bad, maxBadShare)
    onRead?.(bad)
    for await (const [users, items, domains, times, values] of db.stream(`
      SELECT user_id, item_id, domain, time::DOUBLE, value FROM events ORDER BY user_id, time, seq`)) {
      yield users!.map((userId, row) => toEvent([userId, items![row], domains![row], times![row], values![row]]))
    }
  } finally {
    db?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function toEvent (row: readonly unknown[]): LoggedEvent {
  // The columns and types of the query above.
  const [userId, itemId, domain, timestamp, value] = row as [string, string, string | null, number, number | null]
  return { userId, itemId, timestamp, ...(domain !== null && { domain }), ...(value !== null && { value }) }
}
