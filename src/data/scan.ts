import type { Column } from './columns.ts'
import { csvSql } from './csv.ts'
import { literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import { jsonlSql } from './jsonl.ts'
import { parquetSql } from './parquet.ts'
import type { Source } from './sources.ts'
import { tsvSql } from './tsv.ts'

/**
 * SQL that gives a source's rows: `n` (their ordinal from 1: in text files the line, but for lines before it that are
 * no text and went to the table `rejects`), `problem` (why the row cannot be read at all, or NULL), and the columns.
 * `multiline` lets a quoted CSV field have line breaks. In a published file, the domain is the file's.
 * Throws `column_missing`, naming column and file, and `input_unreadable`.
 */
export async function scanSql (
  db: Database, source: Source, columns: readonly Column[], multiline = false
): Promise<string> {
  const { layout } = source
  if (layout === undefined) return formatSql(db, source, columns, multiline)
  const rows = await formatSql(db, source, columns.filter(({ name }) => name !== 'domain'), multiline)
  return `SELECT * REPLACE (${literal(layout.itemPrefix ?? '')} || item_id AS item_id), ${literal(layout.domain)} AS domain
    FROM (${rows})`
}

async function formatSql (
  db: Database, source: Source, columns: readonly Column[], multiline: boolean
): Promise<string> {
  switch (source.format) {
    case 'parquet': return parquetSql(db, source, columns)
    case 'jsonl': return jsonlSql(db, source, columns)
    case 'tsv': return tsvSql(db, source, columns)
    case 'csv': return csvSql(db, source, columns, multiline)
  }
}
