import { columnMissing, linesSql, peek, spellings } from './columns.ts'
import type { Column } from './columns.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** Lines of one record at most. */
const RECORD_LINES = 200

/**
 * SQL for the rows of a file with a header and tabs between fields, each field in quotes or not. A tab never stands
 * inside a field, so that quotes inside one (however written) do no harm. A field may have line breaks: lines with too
 * few tabs that stand together are joined until the tabs are enough. An unquoted NA is absent.
 */
export async function tsvSql (db: Database, source: Source, columns: readonly Column[]): Promise<string> {
  const [first] = await peek<{ line: string | null }>(db, source, `${linesSql(source)} LIMIT 1`)
  const header = (first?.line ?? '').replace(/^\uFEFF/, '').split('\t')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
  const values = columns.map((column) => {
    const at = header.findIndex((name) => spellings(source, column).includes(name))
    if (at < 0 && column.required) throw columnMissing(source, column)
    return `${at < 0 ? 'NULL::VARCHAR' : fieldSql(`fields[${at + 1}]`)} AS ${column.name}`
  })
  const tabs = header.length - 1
  return `SELECT n, CASE WHEN len(fields) <> ${header.length} THEN 'the number of fields is not the header''s' END AS problem,
      ${values.join(', ')}
    FROM (SELECT n, string_split(line, chr(9)) AS fields FROM (${recordsSql(source, tabs)}))`
}

/** The value between the quotes, and its own quotes as R (backslash) and everybody else (twice) write them. */
function fieldSql (field: string): string {
  return `nullif(trim(CASE WHEN regexp_full_match(${field}, '(?s)\\s*".*"\\s*')
      THEN replace(replace(trim(${field})[2:-2], '\\"', '"'), '""', '"')
      WHEN trim(${field}) <> 'NA' THEN ${field} END), '')`
}

/** `n, line` of the records below the header; `n` is the first line of each. */
function recordsSql (source: Source, tabs: number): string {
  return `WITH lines AS MATERIALIZED (
      SELECT n, coalesce(line, '') AS line, length(coalesce(line, '')) - length(replace(coalesce(line, ''), chr(9), '')) AS tabs
      FROM (${linesSql(source)}) WHERE n > 1),
    parts AS (SELECT *, n - row_number() OVER (ORDER BY n) AS run FROM lines WHERE tabs <> ${tabs}),
    counted AS (SELECT *, coalesce(sum(tabs) OVER (
        PARTITION BY run ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) // ${Math.max(tabs, 1)} AS record
      FROM parts),
    placed AS (SELECT n, line, min(n) OVER (PARTITION BY run, record) AS start FROM counted)
    SELECT n, line FROM lines WHERE tabs = ${tabs} AND line <> ''
    UNION ALL SELECT first AS n, line FROM (
      SELECT min(n) AS first, string_agg(line, chr(10) ORDER BY n) AS line
      FROM (SELECT n, line, CASE WHEN n - start < ${RECORD_LINES} THEN start ELSE n END AS start FROM placed)
      GROUP BY start) WHERE trim(line) <> ''`
}
