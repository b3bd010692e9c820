import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refuseBadShare } from './bad-rows.ts'
import type { BadRow } from './bad-rows.ts'
import type { Item } from './dataset.ts'
import { openDatabase } from './duckdb.ts'
import { ITEM_COLUMNS, itemOf, stageItems } from './items.ts'
import { findItems } from './sources.ts'

export interface ReadItemsOptions {
  /** Files of items, or folders that hold them. */
  readonly inputs: readonly string[]
  readonly maxBadShare: number
  /** Told of the first bad rows. */
  readonly onBadRow?: (row: BadRow) => void
  readonly signal?: AbortSignal
}

/**
 * Items alone, without an event, in the order of their ids by domain. Throws `input_missing`, `input_unreadable`,
 * `column_missing`, `too_many_bad_rows`, `item_in_two_domains` and `interrupted`.
 */
export async function readItems ({ inputs, maxBadShare, onBadRow, signal }: ReadItemsOptions): Promise<Item[]> {
  const sources = await findItems(inputs)
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-items-'))
  try {
    const db = await openDatabase(folder, undefined, signal)
    try {
      await db.run('CREATE TABLE events (item_id VARCHAR, domain VARCHAR)')
      const bad = await stageItems(db, sources)
      for (const row of bad.first) onBadRow?.(row)
      refuseBadShare('items', bad, maxBadShare)
      const items: Item[] = []
      for await (const columns of db.stream(`SELECT ${ITEM_COLUMNS.join(', ')} FROM items ORDER BY domain, item_id`)) {
        for (const i of (columns[0] ?? []).keys()) items.push(itemOf(columns.map((column) => column[i]!)))
      }
      return items
    } finally {
      db.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
