import type { Database } from '../duckdb.ts'

/**
 * Takes events out of the table `events` whose item has its first event, in the order of the input, in another domain:
 * published categories overlap, and an item belongs to one domain. Gives how many were taken.
 */
export async function keepOneDomain (db: Database): Promise<number> {
  return removed(db, `DELETE FROM events USING (
      SELECT item_id, arg_min(domain, seq) AS owner FROM events GROUP BY item_id HAVING count(DISTINCT domain) > 1) AS shared
    WHERE events.item_id = shared.item_id AND events.domain <> shared.owner`)
}

/** Takes events out of which the table `items` has neither title nor features nor description. */
export async function keepDescribed (db: Database): Promise<number> {
  const text = (column: string): string => `regexp_matches(coalesce(${column}, ''), '[^][,"\\s]')`
  return removed(db, `DELETE FROM events WHERE item_id NOT IN (
    SELECT item_id FROM items WHERE ${['title', 'features', 'description'].map(text).join(' OR ')})`)
}

async function removed (db: Database, sql: string): Promise<number> {
  const count = async (): Promise<number> =>
    (await db.rows<{ count: number }>('SELECT count(*)::DOUBLE AS count FROM events'))[0]!.count
  const before = await count()
  await db.run(sql)
  return before - await count()
}
