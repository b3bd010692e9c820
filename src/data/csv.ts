import { columnMissing, linesSql, peek } from './columns.ts'
import type { Column } from './columns.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** Lines of one record at most: an unclosed quote must not make one record of a whole file. */
const RECORD_LINES = 200

/**
 * SQL for the rows of a CSV file with a header (RFC 4180, comma). Lines are read as they are and taken apart in SQL, so
 * that a line is named exactly and a stray quote spoils its own line only. With `multiline` a quoted field may have
 * line breaks; where that gives no sound record, its lines are taken one by one.
 */
export async function csvSql (
  db: Database, source: Source, columns: readonly Column[], multiline: boolean
): Promise<string> {
  const [first] = await peek<{ line: string | null }>(db, source, `${linesSql(source)} LIMIT 1`)
  const header = (first?.line ?? '').replace(/^\uFEFF/, '').split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
  const values = columns.map((column) => {
    const at = header.findIndex((name) => name === column.name || name === column.alias)
    if (at < 0 && column.required) throw columnMissing(source, column)
    return `${at < 0 ? 'NULL::VARCHAR' : `nullif(trim(fields[${at + 1}]), '')`} AS ${column.name}`
  })
  const lines = `SELECT n, line FROM (${linesSql(source)}) WHERE n > 1`
  return `SELECT n, CASE WHEN fields IS NULL THEN 'a quote is not closed, or stands inside a field'
      WHEN len(fields) <> ${header.length} THEN 'the number of fields is not the header''s' END AS problem,
      ${values.join(', ')}
    FROM (${multiline ? recordsSql(lines, header.length) : fieldsSql(lines)})`
}

/** `n, line` to `n, line, fields`; fields are NULL where the quotes make no sense, and empty lines are left out. */
function fieldsSql (lines: string): string {
  // A comma in front makes each field begin with one, and so an empty field as good a match as any other.
  return `SELECT n, line, CASE WHEN NOT contains(line, '"') THEN string_split(line, ',')
      WHEN regexp_full_match(',' || line, '(?s)(?:,(?:"(?:[^"]|"")*"|[^,"]*))*') THEN
        list_transform(regexp_extract_all(',' || line, '(?s),("(?:[^"]|"")*"|[^,"]*)', 1),
          lambda field: CASE WHEN starts_with(field, '"') THEN replace(field[2:-2], '""', '"') ELSE field END)
      END AS fields
    FROM (${lines}) WHERE line <> ''`
}

/** Joins the lines of a record: one begins where the number of quotes before it is even. */
function recordsSql (lines: string, width: number): string {
  const quotes = "length(line) - length(replace(line, '\"', ''))"
  const joined = `SELECT record AS n, string_agg(line, chr(10) ORDER BY n) AS line
    FROM (SELECT n, line, CASE WHEN count(*) OVER (PARTITION BY start) <= ${RECORD_LINES} THEN start ELSE n END AS record
      FROM (SELECT n, line, max(CASE WHEN before % 2 = 0 THEN n END) OVER (ORDER BY n) AS start
        FROM (SELECT n, line, coalesce(sum(${quotes}) OVER (
            ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM (SELECT n, coalesce(line, '') AS line FROM (${lines})))))
    GROUP BY record`
  const single = `SELECT n + generate_subscripts(parts, 1) - 1 AS n, unnest(parts) AS line
    FROM (SELECT n, string_split(line, chr(10)) AS parts FROM records WHERE len(fields) IS DISTINCT FROM ${width})`
  return `WITH records AS MATERIALIZED (${fieldsSql(joined)})
    SELECT n, fields FROM records WHERE len(fields) = ${width}
    UNION ALL SELECT n, fields FROM (${fieldsSql(single)})`
}
