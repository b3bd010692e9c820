import { IsthmusError } from '../errors.ts'
import type { Database } from './duckdb.ts'
import { scanSql } from './scan.ts'
import type { Column } from './scan.ts'
import type { Source } from './sources.ts'

/**
 * Reads one source into the table `part`, as `select` makes it from the source's rows (see `scanSql`).
 * Throws `column_missing` and `input_unreadable`.
 */
export async function readPart (
  db: Database, source: Source, columns: readonly Column[], select: (rows: string) => string, multiline = false
): Promise<void> {
  const rows = await scanSql(db, source, columns, multiline)
  try {
    await db.run(`CREATE OR REPLACE TABLE part AS ${select(rows)}`)
  } catch (cause) {
    throw new IsthmusError('input_unreadable', `${source.name} cannot be read to its end`, {
      cause, place: { file: source.path },
    })
  }
}
