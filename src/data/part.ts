import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { unreadable } from './columns.ts'
import type { Column } from './columns.ts'
import type { Database } from './duckdb.ts'
import { scanSql } from './scan.ts'
import type { Source } from './sources.ts'

/**
 * Reads one source into the table `part`, as `select` makes it from the source's rows (see `scanSql`).
 * Throws `column_missing` and `input_unreadable`.
 */
export async function readPart (
  db: Database, source: Source, columns: readonly Column[], select: (rows: string) => string, multiline = false
): Promise<void> {
  if (source.gzip) await checkGzip(source)
  const rows = await scanSql(db, source, columns, multiline)
  try {
    await db.run(`CREATE OR REPLACE TABLE part AS ${select(rows)}`)
  } catch (cause) {
    throw unreadable(source, 'cannot be read to its end', cause)
  }
}

/** DuckDB reads a file that was cut off as if it ended there; zlib knows its length and checksum. */
async function checkGzip (source: Source): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => { done() } })
  try {
    await pipeline(createReadStream(source.path), createGunzip({ chunkSize: 1 << 18 }), nowhere)
  } catch (cause) {
    throw unreadable(source, 'is not gzip, is damaged, or was cut off', cause)
  }
}
