import { collectBadRows, mergeBadRows } from './bad-rows.ts'
import type { BadRows } from './bad-rows.ts'
import type { Column } from './columns.ts'
import type { Database } from './duckdb.ts'
import { readPart } from './part.ts'
import { domainRule, idRule } from './rules.ts'
import type { Source } from './sources.ts'

/** How the numbers in a file's timestamp column count: seconds, milliseconds, or not at all (ISO 8601 text). */
export type TimeUnit = 's' | 'ms' | 'iso'

export interface StagedEvents {
  readonly bad: BadRows
  readonly units: Readonly<Record<string, TimeUnit>>
}

/** Rows of one file come before those of the next. */
export const FILE_STRIDE = 2 ** 40

/** In seconds until the year 5138, in milliseconds since 1973. */
const SECONDS_BELOW = 1e11
const MILLISECONDS_BELOW = 1e14

/**
 * Reads interactions into the table `events` (seq, user_id, item_id, domain, time in unix ms); `seq` is the order of
 * the input. A column `rating` is allowed and not used: every event counts as a positive one.
 */
export async function stageEvents (
  db: Database, sources: readonly Source[], { domainRequired = true } = {}
): Promise<StagedEvents> {
  await db.run('CREATE TABLE events (seq BIGINT, user_id VARCHAR, item_id VARCHAR, domain VARCHAR, time BIGINT)')
  const parts: BadRows[] = []
  const units: Record<string, TimeUnit> = {}
  const columns: Column[] = [
    { name: 'user_id', alias: 'userId', required: true, type: 'text or number' },
    { name: 'item_id', alias: 'itemId', required: true, type: 'text or number' },
    { name: 'domain', required: domainRequired, type: 'text' },
    { name: 'timestamp', required: true, type: 'text or number' },
  ]
  for (const [file, source] of sources.entries()) {
    await readPart(db, source, columns, (rows) => `
      SELECT n, user_id, item_id, domain, number, iso, coalesce(problem, ${idRule('user_id')}, ${idRule('item_id')},
        ${domainRequired ? domainRule : `CASE WHEN domain IS NOT NULL THEN ${domainRule} END`}, ${TIME_RULE}) AS reason
      FROM (SELECT *, ${NUMBER} AS number, ${ISO} AS iso FROM (${rows}))`)
    const unit = await markOtherUnits(db)
    units[source.name] = unit
    parts.push(await collectBadRows(db, source))
    await db.run(`INSERT INTO events SELECT ${file * FILE_STRIDE} + n, user_id, item_id, domain,
        coalesce(iso, round(number * ${unit === 's' ? 1000 : 1})::BIGINT)
      FROM part WHERE reason IS NULL; DROP TABLE part`)
  }
  return { bad: mergeBadRows(parts), units }
}

const NUMBER = `TRY_CAST(CASE WHEN regexp_full_match(timestamp, '[0-9]{1,16}(\\.[0-9]*)?([eE]\\+?[0-9]{1,2})?')
  THEN timestamp END AS DOUBLE)`
const ISO = `epoch_ms(TRY_CAST(CASE WHEN regexp_full_match(timestamp, '[0-9]{4}-[0-9]{2}-[0-9]{2}.*')
  THEN timestamp END AS TIMESTAMPTZ))`
const TIME_RULE = `CASE WHEN timestamp IS NULL THEN 'timestamp is missing'
  WHEN number IS NULL AND iso IS NULL THEN 'timestamp is neither a number nor an ISO 8601 time'
  WHEN coalesce(number, iso) <= 0 OR coalesce(number, iso) >= ${MILLISECONDS_BELOW}
    THEN 'timestamp is no time in seconds or milliseconds' END`

/** The unit of a file is that of most of its rows; a row in the other one is bad, not silently 1970. */
async function markOtherUnits (db: Database): Promise<TimeUnit> {
  const [count] = await db.rows<{ s: number, ms: number }>(`
    SELECT (count(*) FILTER (number < ${SECONDS_BELOW}))::DOUBLE AS s,
      (count(*) FILTER (number >= ${SECONDS_BELOW}))::DOUBLE AS ms FROM part WHERE reason IS NULL`)
  const { s, ms } = count!
  if (s + ms === 0) return 'iso'
  const unit = s >= ms ? 's' : 'ms'
  if (Math.min(s, ms) > 0) {
    await db.run(`UPDATE part SET reason = 'timestamp is not in ${unit} like most of the file'
      WHERE reason IS NULL AND number IS NOT NULL AND (number < ${SECONDS_BELOW}) <> ${unit === 's'}`)
  }
  return unit
}
