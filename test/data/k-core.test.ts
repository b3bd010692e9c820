import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/data/duckdb.ts'
import { literal } from '../../src/data/duckdb.ts'
import { applyKCore } from '../../src/data/k-core.ts'
import { createRandom } from '../../src/random.ts'
import { withDatabase } from './tables.ts'

type Row = [user: string, item: string]
const golden = JSON.parse(readFileSync(new URL('../golden/27_kcore.json', import.meta.url), 'utf8')) as {
  inputs: { interactions: Row[] } & Record<string, number>, expected: Record<string, Row[]>
}

async function fill (db: Database, rows: readonly Row[]): Promise<void> {
  const values = rows.map(([u, i], seq) => `(${seq}, ${literal(u)}, ${literal(i)})`).join(', ')
  await db.run(`CREATE OR REPLACE TABLE kept AS SELECT * FROM (VALUES ${values}) AS t(seq, u, i)`)
}

async function kept (db: Database): Promise<Row[]> {
  const rows = await db.rows<{ u: string, i: string }>('SELECT u, i FROM kept ORDER BY seq')
  return rows.map(({ u, i }) => [u, i])
}

describe('the k-core', () => {
  it.each(['', '_b', '_c', '_d'])('keeps the rows of golden case 27%s', (part) => withDatabase(async (db) => {
    await fill(db, golden.inputs.interactions)
    const rounds = await applyKCore(db, {
      user: golden.inputs[`user_core${part}`]!, item: golden.inputs[`item_core${part}`]!,
    })
    expect(await kept(db)).toEqual(golden.expected[`kept${part}`])
    expect(rounds).toBeGreaterThan(0)
  }))

  it('is a fixed point: a second time takes nothing away, and every user and item left has its count', () =>
    withDatabase(async (db) => {
      const random = createRandom(5)
      const rows = Array.from({ length: 700 }, (): Row => [`u${random.integer(90)}`, `i${random.integer(150)}`])
      await fill(db, rows)
      expect(await applyKCore(db, { user: 5, item: 4 })).toBeGreaterThan(1)
      const once = await kept(db)
      expect(once.length).toBeGreaterThan(0)
      expect(await applyKCore(db, { user: 5, item: 4 })).toBe(0)
      expect(await kept(db)).toEqual(once)
      for (const [column, least] of [[0, 5], [1, 4]] as const) {
        for (const id of new Set(once.map((row) => row[column]))) {
          expect(once.filter((row) => row[column] === id).length, id).toBeGreaterThanOrEqual(least)
        }
      }
    }))
})
