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
  /** Sound rows that the rules leave out. */
  readonly outsideWindow: number
  readonly ratedTooLow: number
  readonly units: Readonly<Record<string, TimeUnit>>
}

/** Rows of one file come before those of the next. */
export const FILE_STRIDE = 2 ** 40

/** In seconds until the year 5138, in milliseconds since 1973. */
const SECONDS_BELOW = 1e11
const MILLISECONDS_BELOW = 1e14

export interface EventRules {
  /** Whether each row needs a domain. */
  readonly domainRequired?: boolean
  /** Whether a column `rating` is read, 0 to 5. Where it is not, what stands in it does not matter. */
  readonly ratings?: boolean
  /** Only events after and before these times (unix milliseconds), exclusive. */
  readonly after?: number
  readonly before?: number
  /** Only events whose rating, where they have one, is above this; needs `ratings`. */
  readonly ratingAbove?: number
}

/**
 * Reads interactions into the table `events` (seq, user_id, item_id, domain, time in unix ms, value); `seq` is the
 * order of the input. Every event counts as a positive one, whatever its rating.
 */
export async function stageEvents (
  db: Database, sources: readonly Source[], wanted: EventRules = {}
): Promise<StagedEvents> {
  const { domainRequired = true, ratings = false } = wanted
  await db.run(`CREATE TABLE events (seq BIGINT, user_id VARCHAR, item_id VARCHAR, domain VARCHAR, time BIGINT,
    value DOUBLE)`)
  const parts: BadRows[] = []
  const units: Record<string, TimeUnit> = {}
  let [outsideWindow, ratedTooLow] = [0, 0]
  const columns: Column[] = [
    { name: 'user_id', alias: 'userId', required: true, type: 'text or number' },
    { name: 'item_id', alias: 'itemId', required: true, type: 'text or number' },
    { name: 'domain', required: domainRequired, type: 'text' },
    { name: 'timestamp', required: true, type: 'text or number' },
    ...(ratings ? [{ name: 'rating', alias: 'value', type: 'text or number' } as const] : []),
  ]
  const value = ratings ? 'TRY_CAST(rating AS DOUBLE)' : 'NULL::DOUBLE'
  const rules = [
    'problem', idRule('user_id'), idRule('item_id'),
    domainRequired ? domainRule : `CASE WHEN domain IS NOT NULL THEN ${domainRule} END`,
    TIME_RULE,
    ...(ratings ? [RATING_RULE] : []),
  ]
  for (const [file, source] of sources.entries()) {
    await readPart(db, source, columns, (rows) => `
      SELECT n, user_id, item_id, domain, number, iso, value, coalesce(${rules.join(', ')}) AS reason
      FROM (SELECT *, ${NUMBER} AS number, ${ISO} AS iso, ${value} AS value FROM (${rows}))`)
    const unit = await markOtherUnits(db)
    units[source.name] = unit
    parts.push(await collectBadRows(db, source))
    const sound = `SELECT n, user_id, item_id, domain, value,
      coalesce(iso, round(number * ${unit === 's' ? 1000 : 1})::BIGINT) AS time FROM part WHERE reason IS NULL`
    const { timely, liked } = filters(wanted)
    const [left] = await db.rows<{ late: number, low: number }>(`SELECT (count(*) FILTER (NOT (${timely})))::DOUBLE AS late,
      (count(*) FILTER ((${timely}) AND NOT (${liked})))::DOUBLE AS low FROM (${sound})`)
    outsideWindow += left!.late
    ratedTooLow += left!.low
    await db.run(`INSERT INTO events SELECT ${file * FILE_STRIDE} + n, user_id, item_id, domain, time, value
      FROM (${sound}) WHERE ${timely} AND ${liked}; DROP TABLE part`)
  }
  return { bad: mergeBadRows(parts), units, outsideWindow, ratedTooLow }
}

function filters ({ after, before, ratingAbove }: EventRules): { timely: string, liked: string } {
  return {
    timely: `${after === undefined ? 'true' : `time > ${after}`} AND ${before === undefined ? 'true' : `time < ${before}`}`,
    liked: ratingAbove === undefined ? 'true' : `(value IS NULL OR value > ${ratingAbove})`,
  }
}

const NUMBER = `TRY_CAST(CASE WHEN regexp_full_match(timestamp, '[0-9]{1,16}(\\.[0-9]*)?([eE]\\+?[0-9]{1,2})?')
  THEN timestamp END AS DOUBLE)`
const ISO = `epoch_ms(TRY_CAST(CASE WHEN regexp_full_match(timestamp, '[0-9]{4}-[0-9]{2}-[0-9]{2}.*')
  THEN timestamp END AS TIMESTAMPTZ))`
const TIME_RULE = `CASE WHEN timestamp IS NULL THEN 'timestamp is missing'
  WHEN number IS NULL AND iso IS NULL THEN 'timestamp is neither a number nor an ISO 8601 time'
  WHEN coalesce(number, iso) <= 0 OR coalesce(number, iso) >= ${MILLISECONDS_BELOW}
    THEN 'timestamp is no time in seconds or milliseconds' END`

const RATING_RULE = `CASE WHEN rating IS NOT NULL AND (value BETWEEN 0 AND 5) IS NOT TRUE
  THEN 'rating is not a number from 0 to 5' END`

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
