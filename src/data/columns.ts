import { IsthmusError } from '../errors.ts'
import { literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** A column to read. Its value comes as text: a list as JSON, absent as NULL. */
export interface Column {
  readonly name: string
  /** Another spelling that is taken too. */
  readonly alias?: string
  /** The file must have it; a single row need not. */
  readonly required?: boolean
  /** May hold a list or an object. */
  readonly nested?: boolean
  /** In formats with types: what a row must hold where it holds something; a row with another type is a bad one. */
  readonly type?: 'text' | 'text or number'
}

/** How a file spells a column: one name, or two. */
export function spellings (source: Source, { name, alias }: Column): readonly string[] {
  const published = source.layout?.names[name]
  if (published !== undefined) return [published]
  return alias === undefined || source.layout !== undefined ? [name] : [name, alias]
}

/** The table of lines that are no text. */
export const REJECTS = 'rejects'

/** `n, line` of a text file. The delimiter is none that a text has, so that a line is one value. */
export function linesSql (source: Source): string {
  return `SELECT row_number() OVER () AS n, line FROM read_csv(${literal(source.path)}, columns = {'line': 'VARCHAR'},
    auto_detect = false, header = false, delim = '\u0001\u0002\u0003', quote = '', escape = '', comment = '',
    strict_mode = false, compression = '${source.gzip ? 'gzip' : 'none'}', ignore_errors = true, store_rejects = true,
    rejects_table = '${REJECTS}', rejects_scan = '${REJECTS}_scan', rejects_limit = 0)`
}

/** A first look at a file: what fails here is the file, not a row. Throws `input_unreadable`. */
export async function peek<R> (db: Database, source: Source, sql: string): Promise<R[]> {
  try {
    return await db.rows<R>(sql)
  } catch (cause) {
    throw unreadable(source, `cannot be read as ${source.format}`, cause)
  } finally {
    await db.run(`DROP TABLE IF EXISTS ${REJECTS}; DROP TABLE IF EXISTS ${REJECTS}_scan`)
  }
}

/**
 * What to throw when a query over a file failed: `input_unreadable`, but for what is not the file's fault (the run was
 * stopped, memory or disk is full).
 */
export function unreadable (source: Source, what: string, cause: unknown): unknown {
  const known = cause instanceof IsthmusError
  if (known || (cause instanceof Error && /^Out of Memory|No space left/.test(cause.message))) return cause
  return new IsthmusError('input_unreadable', `${source.name} ${what}`, { cause, place: { file: source.path } })
}

/** The error for a file without a column that it must have. */
export function columnMissing (source: Source, column: Column): IsthmusError {
  const [name = column.name] = spellings(source, column)
  return new IsthmusError('column_missing', `${source.name} has no column "${name}"`, {
    place: { file: source.path, field: name },
  })
}
