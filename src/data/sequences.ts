import { IsthmusError } from '../errors.ts'
import { FEWEST_EVENTS } from './dataset.ts'
import type { Dataset, Domain, Item } from './dataset.ts'
import { literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import { ITEM_COLUMNS, itemOf } from './items.ts'
import { applyKCore } from './k-core.ts'
import type { KCore } from './k-core.ts'
import { shuffleTies } from './ties.ts'
import type { Ties } from './ties.ts'

export interface SequenceSettings {
  /** Users and items with fewer events go, until none is left. In a file also `5,3`, or one number for both. */
  readonly kCore: KCore | 'none'
  /** The order of a user's events of one time: drawn, or as they stand in the input. */
  readonly ties: Ties
  /** Of everything that is drawn. */
  readonly seed: number
  /** The domains to keep, in this order; all, in order of first appearance, where absent. */
  readonly domains?: readonly string[]
}

/** What the filters took from the sound rows; `itemsNeverBought` have a description and no event. */
export interface LeftOut {
  readonly users: number
  readonly items: number
  readonly events: number
  readonly itemsNeverBought: number
}

export type Sequences = Pick<Dataset, 'domains' | 'items' | 'users' | 'offsets' | 'events' | 'times'>

/**
 * From the tables `events` and `items` to numbered, ordered sequences. The database filters, counts and sorts; this
 * process holds the finished arrays only (12 bytes an event, and the items and user ids).
 * Throws `dataset_empty` where the filters leave nothing.
 */
export async function buildSequences (
  db: Database, settings: SequenceSettings
): Promise<{ sequences: Sequences, rounds: number, leftOut: LeftOut }> {
  const wanted = settings.domains === undefined ? '' : `WHERE domain IN (${settings.domains.map(literal).join(', ')})`
  // Small numbers instead of texts, before anything is grouped or sorted.
  await db.run(`
    CREATE TABLE all_users AS SELECT user_id, row_number() OVER ()::INTEGER AS u FROM (SELECT DISTINCT user_id FROM events);
    CREATE TABLE all_items AS SELECT item_id, domain, row_number() OVER ()::INTEGER AS i
      FROM (SELECT DISTINCT item_id, domain FROM events);
    CREATE TABLE kept AS SELECT seq, u, i, time FROM events JOIN all_users USING (user_id)
      JOIN (SELECT item_id, i FROM all_items ${wanted}) USING (item_id)`)
  const [read] = await db.rows<LeftOut>(`SELECT (SELECT count(*) FROM events)::DOUBLE AS events,
    (SELECT count(*) FROM all_users)::DOUBLE AS users, (SELECT count(*) FROM all_items)::DOUBLE AS items,
    (SELECT count(*) FROM items ANTI JOIN all_items USING (item_id))::DOUBLE AS itemsNeverBought`)
  await db.run('DROP TABLE events')
  const core = settings.kCore === 'none' ? { user: 0, item: 0 } : settings.kCore
  const rounds = await applyKCore(db, { user: Math.max(core.user, FEWEST_EVENTS), item: core.item })
  const domains = await numberItems(db, settings.domains)
  await db.run(`CREATE TABLE user_numbers AS SELECT u, row_number() OVER (ORDER BY first) - 1 AS number
    FROM (SELECT u, min(seq) AS first FROM kept GROUP BY u)`)

  const items: Item[] = []
  const described = ITEM_COLUMNS.map((name) => (name === 'item_id' || name === 'domain' ? `a.${name}` : name)).join(', ')
  for await (const columns of db.stream(`SELECT ${described} FROM item_numbers JOIN all_items AS a USING (i)
    LEFT JOIN items ON items.item_id = a.item_id ORDER BY number`)) {
    for (const row of columns[0]!.keys()) items.push(itemOf(columns.map((column) => column[row]!)))
  }
  const users: string[] = []
  for await (const [ids] of db.stream('SELECT user_id FROM user_numbers JOIN all_users USING (u) ORDER BY number')) {
    for (const id of ids!) users.push(id as string)
  }
  const sequences = { domains, items, users, ...await readEventsInOrder(db, users, items, settings) }
  const leftOut = {
    users: read!.users - users.length,
    items: read!.items - items.length,
    events: read!.events - sequences.events.length,
    itemsNeverBought: read!.itemsNeverBought,
  }
  return { sequences, rounds, leftOut }
}

/** Makes `item_numbers` (i, number): global ids, per domain by first appearance. */
async function numberItems (db: Database, order?: readonly string[]): Promise<Domain[]> {
  const found = await db.rows<{ domain: string, size: number }>(`
    SELECT domain, (count(DISTINCT i))::DOUBLE AS size FROM kept JOIN all_items USING (i)
    GROUP BY domain ORDER BY min(seq)`)
  if (found.length === 0) {
    throw new IsthmusError('dataset_empty', 'no user and item are left: lower the k-core, or bring more events')
  }
  const absent = order?.find((name) => !found.some(({ domain }) => domain === name))
  if (absent !== undefined) {
    throw new IsthmusError('dataset_empty', `no event is left in the domain "${absent}"`, { place: { field: 'domains' } })
  }
  const sorted = order?.map((name) => found.find(({ domain }) => domain === name)!) ?? found
  let offset = 0
  const domains = sorted.map(({ domain: name, size }) => {
    const domain = { name, size, offset }
    offset += size
    return domain
  })
  const offsets = domains.map((domain) => `WHEN ${literal(domain.name)} THEN ${domain.offset}`).join(' ')
  await db.run(`CREATE TABLE item_numbers AS
    SELECT i, (CASE domain ${offsets} END + row_number() OVER (PARTITION BY domain ORDER BY first))::INTEGER AS number
    FROM (SELECT i, min(seq) AS first FROM kept GROUP BY i) JOIN all_items USING (i)`)
  return domains
}

async function readEventsInOrder (
  db: Database, users: readonly string[], items: readonly Item[], { ties, seed }: SequenceSettings
): Promise<Pick<Dataset, 'offsets' | 'events' | 'times'>> {
  const [count] = await db.rows<{ events: number }>('SELECT count(*)::DOUBLE AS events FROM kept')
  const events = new Int32Array(count!.events)
  const times = new Float64Array(count!.events)
  const offsets = new Uint32Array(users.length + 1)
  let at = 0
  for await (const [numbers, ids, when] of db.stream(`
    SELECT user_numbers.number::INTEGER, item_numbers.number, time::DOUBLE
    FROM kept JOIN user_numbers USING (u) JOIN item_numbers USING (i)
    ORDER BY user_numbers.number, time, seq`)) {
    for (const [row, user] of (numbers as number[]).entries()) {
      events[at] = ids![row] as number
      times[at] = when![row] as number
      offsets[user + 1] = ++at
    }
  }
  if (ties === 'shuffle') {
    for (const [u, user] of users.entries()) {
      const [from, to] = [offsets[u]!, offsets[u + 1]!]
      shuffleTies(events.subarray(from, to), times.subarray(from, to), user, (id) => items[id - 1]!.itemId, seed)
    }
  }
  return { offsets, events, times }
}
