import { IsthmusError } from '../errors.ts'
import { identifier, literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** A column to read. Its value comes as text: a list as JSON, absent as NULL. */
export interface Column {
  readonly name: string
  /** Another spelling that is taken too. */
  readonly alias?: string
  readonly required?: boolean
  /** May hold a list or an object. */
  readonly nested?: boolean
}

export const REJECTS = 'rejects'

/** Rows of which the first must hold a required column, so that a misspelt one is told at once. */
const SAMPLE = 100

/**
 * SQL that gives a source's rows: `n` (their ordinal from 1: in text files the line, but for lines before it that are
 * no text and went to the table `rejects`), `problem` (why the row cannot be read at all, or NULL), and the columns.
 * Text files are read line by line and the line taken apart in SQL, so that a line is named exactly and a stray quote
 * spoils its own line only. Only items may have line breaks inside quotes (`multiline`).
 * Throws `column_missing`, naming column and file, and `input_unreadable`.
 */
export async function scanSql (
  db: Database, source: Source, columns: readonly Column[], multiline = false
): Promise<string> {
  if (source.format === 'parquet') return parquetSql(db, source, columns)
  if (source.format === 'jsonl') return jsonlSql(db, source, columns)
  return csvSql(db, source, columns, multiline)
}

/** `n, line` of a text file. The delimiter is none that a text has, so that a line is one value. */
function linesSql (source: Source): string {
  return `SELECT row_number() OVER () AS n, line FROM read_csv(${literal(source.path)}, columns = {'line': 'VARCHAR'},
    auto_detect = false, header = false, delim = '\u0001\u0002\u0003', quote = '', escape = '', comment = '',
    strict_mode = false, compression = '${source.gzip ? 'gzip' : 'none'}', ignore_errors = true, store_rejects = true,
    rejects_table = '${REJECTS}', rejects_scan = '${REJECTS}_scan', rejects_limit = 0)`
}

async function csvSql (
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
  const lines = multiline ? joinedLinesSql(linesSql(source)) : linesSql(source)
  // A comma in front makes each field begin with one, and so an empty field as good a match as any other.
  return `SELECT n, CASE WHEN fields IS NULL THEN 'a quote is not closed, or stands inside a field'
      WHEN len(fields) <> ${header.length} THEN 'the number of fields is not the header''s' END AS problem,
      ${values.join(', ')}
    FROM (SELECT n, CASE WHEN NOT contains(line, '"') THEN string_split(line, ',')
        WHEN regexp_full_match(',' || line, '(?s)(?:,(?:"(?:[^"]|"")*"|[^,"]*))*') THEN
          list_transform(regexp_extract_all(',' || line, '(?s),("(?:[^"]|"")*"|[^,"]*)', 1),
            lambda field: CASE WHEN starts_with(field, '"') THEN replace(field[2:-2], '""', '"') ELSE field END)
        END AS fields
      FROM (${lines}) WHERE n > 1 AND line <> '')`
}

/** Joins the lines of a record: one begins where the number of quotes before it is even. */
function joinedLinesSql (lines: string): string {
  const quotes = "length(line) - length(replace(line, '\"', ''))"
  return `SELECT record AS n, string_agg(line, chr(10) ORDER BY n) AS line
    FROM (SELECT n, line, max(CASE WHEN before % 2 = 0 THEN n END) OVER (ORDER BY n) AS record
      FROM (SELECT n, line, coalesce(sum(${quotes}) OVER (
          ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM (SELECT n, coalesce(line, '') AS line FROM (${lines}))))
    GROUP BY record`
}

async function jsonlSql (db: Database, source: Source, columns: readonly Column[]): Promise<string> {
  const rows = `SELECT n, TRY_CAST(line AS JSON) AS json FROM (${linesSql(source)}) WHERE trim(line) <> ''`
  const value = ({ name, alias, nested }: Column): string => {
    const one = (key: string): string => {
      const path = literal(`$.${key}`)
      const scalar = `CASE WHEN json_type(json, ${path}) IN ('VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE')
        THEN trim(json ->> ${path}) END`
      return nested === true ? `coalesce(${scalar}, CAST(json -> ${path} AS VARCHAR))` : scalar
    }
    return `nullif(${alias === undefined ? one(name) : `coalesce(${one(name)}, ${one(alias)})`}, '') AS ${name}`
  }
  const required = columns.filter((column) => column.required)
  const present = required.map((column) => `bool_or(json_exists(json, '$.${column.name}')
    OR json_exists(json, '$.${column.alias ?? column.name}')) AS ${column.name}`)
  const [found] = await peek<Record<string, boolean | null>>(db, source, `SELECT ${present.join(', ')}
    FROM (${rows} LIMIT ${SAMPLE}) WHERE json_type(json) = 'OBJECT'`)
  for (const column of required) if (found?.[column.name] === false) throw columnMissing(source, column)
  return `SELECT n, CASE WHEN json_type(json) = 'OBJECT' THEN NULL ELSE 'not a JSON object' END AS problem,
    ${columns.map(value).join(', ')} FROM (${rows})`
}

async function parquetSql (db: Database, source: Source, columns: readonly Column[]): Promise<string> {
  const file = `read_parquet(${literal(source.path)}, file_row_number = true)`
  const described = await peek<{ column_name: string, column_type: string }>(db, source, `DESCRIBE SELECT * FROM ${file}`)
  const values = columns.map((column) => {
    const found = described.find(({ column_name: name }) => name === column.name || name === column.alias)
    if (found === undefined && column.required) throw columnMissing(source, column)
    return `${found === undefined ? 'NULL::VARCHAR' : textOf(found.column_name, found.column_type)} AS ${column.name}`
  })
  return `SELECT file_row_number + 1 AS n, NULL::VARCHAR AS problem, ${values.join(', ')} FROM ${file}`
}

/** A Parquet value as the text that the other formats would hold. */
function textOf (name: string, type: string): string {
  const value = identifier(name)
  const nested = /\[|\(/.test(type) && !type.startsWith('DECIMAL')
  return `nullif(trim(CAST(${nested ? `to_json(${value})` : value} AS VARCHAR)), '')`
}

/** A first look at a file: what fails here is the file, not a row. */
async function peek<R> (db: Database, source: Source, sql: string): Promise<R[]> {
  try {
    return await db.rows<R>(sql)
  } catch (cause) {
    throw new IsthmusError('input_unreadable', `${source.name} cannot be read as ${source.format}`, {
      cause, place: { file: source.path },
    })
  } finally {
    await db.run(`DROP TABLE IF EXISTS ${REJECTS}; DROP TABLE IF EXISTS ${REJECTS}_scan`)
  }
}

function columnMissing (source: Source, { name }: Column): IsthmusError {
  return new IsthmusError('column_missing', `${source.name} has no column "${name}"`, {
    place: { file: source.path, field: name },
  })
}
