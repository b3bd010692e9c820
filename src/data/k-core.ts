import type { Database } from './duckdb.ts'

/** The fewest events that a kept user has over all domains, and a kept item in its own. */
export interface KCore {
  readonly user: number
  readonly item: number
}

/**
 * Takes rows from the table `kept` (columns u, i and others) until every user left has `user` rows and every item
 * `item`: a fixed point, which does not depend on the order. Returns the number of rounds that took something away.
 * (Published code stops a round early or makes one pass only.)
 */
export async function applyKCore (db: Database, { user, item }: KCore): Promise<number> {
  const shrink = async (column: 'u' | 'i', least: number): Promise<boolean> => {
    const few = `SELECT ${column} FROM kept GROUP BY ${column} HAVING count(*) < ${least}`
    const [found] = await db.rows<{ some: boolean }>(`SELECT count(*) > 0 AS some FROM (${few} LIMIT 1)`)
    if (found!.some) await db.run(`CREATE OR REPLACE TABLE kept AS SELECT * FROM kept WHERE ${column} NOT IN (${few})`)
    return found!.some
  }
  for (let rounds = 0; ; rounds++) {
    const users = await shrink('u', user)
    const items = await shrink('i', item)
    if (!users && !items) return rounds
  }
}
