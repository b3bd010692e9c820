import { columnMissing, linesSql, peek, spellings } from './columns.ts'
import type { Column } from './columns.ts'
import { literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** Rows of which one must hold a required column, so that a misspelt one is told at once. */
const SAMPLE = 100

const TEXT = "'VARCHAR'"
const TEXT_OR_NUMBER = "'VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE'"

/** SQL for the rows of a file with one JSON object a line. */
export async function jsonlSql (db: Database, source: Source, columns: readonly Column[]): Promise<string> {
  const rows = `SELECT n, TRY_CAST(line AS JSON) AS json FROM (${linesSql(source)}) WHERE trim(line) <> ''`
  const required = columns.filter((column) => column.required)
  const present = required.map((column) => {
    const exists = spellings(source, column).map((key) => `json_exists(json, ${pathOf(key)})`)
    return `bool_or(${exists.join(' OR ')}) AS ${column.name}`
  })
  const [found] = await peek<Record<string, boolean | null>>(db, source, `SELECT ${present.join(', ')}
    FROM (${rows} LIMIT ${SAMPLE}) WHERE json_type(json) = 'OBJECT'`)
  for (const column of required) if (found?.[column.name] === false) throw columnMissing(source, column)
  return `SELECT n, CASE WHEN json_type(json) IS DISTINCT FROM 'OBJECT' THEN 'not a JSON object'
      ${columns.map((column) => typeProblem(source, column)).join(' ')} END AS problem,
    ${columns.map((column) => value(source, column)).join(', ')} FROM (${rows})`
}

function pathOf (key: string): string {
  return literal(`$.${key}`)
}

function value (source: Source, column: Column): string {
  const one = (key: string): string => {
    const path = pathOf(key)
    const scalar = `CASE WHEN json_type(json, ${path}) IN (${TEXT_OR_NUMBER}) THEN trim(json ->> ${path}) END`
    return column.nested === true ? `coalesce(${scalar}, CAST(json -> ${path} AS VARCHAR))` : scalar
  }
  return `nullif(coalesce(${spellings(source, column).map(one).join(', ')}), '') AS ${column.name}`
}

function typeProblem (source: Source, column: Column): string {
  const { name, type } = column
  if (type === undefined) return ''
  const kinds = spellings(source, column).map((key) => `json_type(json, ${pathOf(key)})`)
  return `WHEN coalesce(${kinds.join(', ')}, 'NULL') NOT IN ('NULL', ${type === 'text' ? TEXT : TEXT_OR_NUMBER})
    THEN '${name} is not a ${type}'`
}
