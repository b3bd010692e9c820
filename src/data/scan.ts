import type { Column } from './columns.ts'
import { csvSql } from './csv.ts'
import type { Database } from './duckdb.ts'
import { jsonlSql } from './jsonl.ts'
import { parquetSql } from './parquet.ts'
import type { Source } from './sources.ts'

/**
 * SQL that gives a source's rows: `n` (their ordinal from 1: in text files the line, but for lines before it that are
 * no text and went to the table `rejects`), `problem` (why the row cannot be read at all, or NULL), and the columns.
 * `multiline` lets a quoted CSV field have line breaks.
 * Throws `column_missing`, naming column and file, and `input_unreadable`.
 */
export async function scanSql (
  db: Database, source: Source, columns: readonly Column[], multiline = false
): Promise<string> {
  if (source.format === 'parquet') return parquetSql(db, source, columns)
  if (source.format === 'jsonl') return jsonlSql(db, source, columns)
  return csvSql(db, source, columns, multiline)
}
