import { IsthmusError } from '../errors.ts'
import { REJECTS } from './columns.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** A row that was left out. `line` counts from 1, the header included; in Parquet it is the row. */
export interface BadRow {
  readonly file: string
  readonly line: number
  readonly reason: string
}

/** What was left out of the files of one kind. */
export interface BadRows {
  /** Rows found, the bad ones included. */
  readonly rows: number
  readonly bad: number
  readonly reasons: Readonly<Record<string, number>>
  /** The first of each file. */
  readonly first: readonly BadRow[]
}

/** Bad rows named of each file. */
const NAMED = 20

const NOT_TEXT: Readonly<Record<string, string>> = {
  'INVALID ENCODING': 'not UTF-8',
  'LINE SIZE OVER MAXIMUM': 'longer than 2 MB',
}

/**
 * Counts and names the bad rows of one source: those of the table `part` with a reason, and the lines that were no
 * text (table `rejects`, which this drops).
 */
export async function collectBadRows (db: Database, source: Source): Promise<BadRows> {
  const counted = await db.rows<{ reason: string | null, count: number }>(
    'SELECT reason, count(*)::DOUBLE AS count FROM part GROUP BY reason ORDER BY reason')
  const named = await db.rows<{ n: number, reason: string }>(
    `SELECT n::DOUBLE AS n, reason FROM part WHERE reason IS NOT NULL ORDER BY n LIMIT ${NAMED}`)
  const [{ some: hasRejects } = { some: false }] = await db.rows<{ some: boolean }>(
    `SELECT count(*) > 0 AS some FROM duckdb_tables() WHERE table_name = '${REJECTS}'`)
  const rejects = hasRejects
    ? await db.rows<{ line: number, type: string, total: number }>(
      `SELECT line::DOUBLE AS line, any_value(error_type)::VARCHAR AS type, (count(*) OVER ())::DOUBLE AS total
       FROM ${REJECTS} GROUP BY line ORDER BY line LIMIT ${NAMED}`)
    : []
  const kinds = hasRejects
    ? await db.rows<{ type: string, count: number }>(
      `SELECT error_type::VARCHAR AS type, count(DISTINCT line)::DOUBLE AS count
       FROM ${REJECTS} GROUP BY ALL ORDER BY ALL`)
    : []
  await db.run(`DROP TABLE IF EXISTS ${REJECTS}; DROP TABLE IF EXISTS ${REJECTS}_scan`)

  const reasons: Record<string, number> = {}
  for (const { reason, count } of counted) if (reason !== null) reasons[reason] = count
  for (const { type, count } of kinds) reasons[NOT_TEXT[type] ?? 'not text'] = count
  const bad = Object.values(reasons).reduce((sum, count) => sum + count, 0)
  const first = [
    ...rejects.map(({ line, type }) => ({ file: source.name, line, reason: NOT_TEXT[type] ?? 'not text' })),
    ...named.map(({ n, reason }) => ({ file: source.name, line: lineOf(n, rejects), reason })),
  ]
  return {
    rows: counted.reduce((sum, { count }) => sum + count, 0) + (rejects[0]?.total ?? 0),
    bad,
    reasons,
    first: first.sort((a, b) => a.line - b.line).slice(0, NAMED),
  }
}

/** The line of the row with ordinal `n`: rejected lines before it were not counted. Right for the first rows only. */
function lineOf (n: number, rejects: readonly { line: number }[]): number {
  return rejects.reduce((line, reject) => (reject.line <= line ? line + 1 : line), n)
}

/** The bad rows of several files together. */
export function mergeBadRows (parts: readonly BadRows[]): BadRows {
  const reasons: Record<string, number> = {}
  for (const part of parts) {
    for (const [reason, count] of Object.entries(part.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count
  }
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    bad: parts.reduce((sum, { bad }) => sum + bad, 0),
    reasons,
    first: parts.flatMap(({ first }) => first),
  }
}

/** Refuses (`too_many_bad_rows`) where more than `maxShare` of the rows are bad. */
export function refuseBadShare (kind: string, { rows, bad, first }: BadRows, maxShare: number): void {
  if (bad <= maxShare * rows) return
  const [{ file, line, reason } = { file: '', line: 0, reason: '' }] = first
  const percent = (100 * bad / rows).toFixed(2)
  throw new IsthmusError('too_many_bad_rows',
    `${bad} of ${rows} rows of ${kind} (${percent} %) cannot be used, the first at ${file}:${line}: ${reason}`,
    { place: { file, line } })
}
