import { columnMissing, linesSql, peek } from './columns.ts'
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
  const present = required.map(({ name, alias = name }) =>
    `bool_or(json_exists(json, '$.${name}') OR json_exists(json, '$.${alias}')) AS ${name}`)
  const [found] = await peek<Record<string, boolean | null>>(db, source, `SELECT ${present.join(', ')}
    FROM (${rows} LIMIT ${SAMPLE}) WHERE json_type(json) = 'OBJECT'`)
  for (const column of required) if (found?.[column.name] === false) throw columnMissing(source, column)
  return `SELECT n, CASE WHEN json_type(json) IS DISTINCT FROM 'OBJECT' THEN 'not a JSON object'
      ${columns.map(typeProblem).join(' ')} END AS problem,
    ${columns.map(value).join(', ')} FROM (${rows})`
}

function value ({ name, alias, nested }: Column): string {
  const one = (key: string): string => {
    const path = literal(`$.${key}`)
    const scalar = `CASE WHEN json_type(json, ${path}) IN (${TEXT_OR_NUMBER}) THEN trim(json ->> ${path}) END`
    return nested === true ? `coalesce(${scalar}, CAST(json -> ${path} AS VARCHAR))` : scalar
  }
  return `nullif(${alias === undefined ? one(name) : `coalesce(${one(name)}, ${one(alias)})`}, '') AS ${name}`
}

function typeProblem ({ name, alias = name, type }: Column): string {
  if (type === undefined) return ''
  const kind = `coalesce(json_type(json, '$.${name}'), json_type(json, '$.${alias}'), 'NULL')`
  return `WHEN ${kind} NOT IN ('NULL', ${type === 'text' ? TEXT : TEXT_OR_NUMBER}) THEN '${name} is not a ${type}'`
}
