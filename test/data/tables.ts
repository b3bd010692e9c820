import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { literal, openDatabase } from '../../src/data/duckdb.ts'
import type { Database } from '../../src/data/duckdb.ts'

/** Runs `use` with a database in a folder of its own, which goes away with it. */
export async function withDatabase<T> (use: (db: Database) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-duckdb-'))
  const db = await openDatabase(folder)
  try {
    return await use(db)
  } finally {
    db.close()
    await rm(folder, { recursive: true })
  }
}

export interface Event { readonly user: string, readonly item: string, readonly domain: string, readonly time: number }

/** Makes the tables `events` and `items` as the readers leave them; `seq` is the order given. */
export async function fillTables (db: Database, events: readonly Event[]): Promise<void> {
  await db.run(`CREATE TABLE events (seq BIGINT, user_id VARCHAR, item_id VARCHAR, domain VARCHAR, time BIGINT, value DOUBLE);
    CREATE TABLE items (item_id VARCHAR, domain VARCHAR, title VARCHAR, brand VARCHAR, categories VARCHAR, price VARCHAR,
      date VARCHAR, features VARCHAR, description VARCHAR)`)
  if (events.length === 0) return
  const rows = events.map(({ user, item, domain, time }, seq) =>
    `(${seq}, ${literal(user)}, ${literal(item)}, ${literal(domain)}, ${time}, NULL)`)
  await db.run(`INSERT INTO events VALUES ${rows.join(', ')}`)
}
