import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BadRow } from '../../src/data/bad-rows.ts'
import { openDataset } from '../../src/data/dataset-files.ts'
import type { Dataset, Item } from '../../src/data/dataset.ts'
import { literal, openDatabase } from '../../src/data/duckdb.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'
import type { StepManifest } from '../../src/files/step.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export const HEADER = 'user_id,item_id,domain,timestamp'
/** Two users with three events each, over two domains. */
export const EVENTS = [
  HEADER, 'ann,s1,sport,1400000000', 'ann,c1,cloth,1400000010', 'ann,s2,sport,1400000020',
  'bob,c1,cloth,1400000000', 'bob,s2,sport,1400000005', 'bob,s1,sport,1400000009', '',
].join('\n')
export const ITEMS = ['s1,sport,Ball', 's2,sport,Bat', 'c1,cloth,Cap'].reduce((text, row) => `${text}${row}\n`,
  'item_id,domain,title\n')

/** A folder of its own with `files` in its folder `in`. */
export async function withFiles<T> (files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-data-'))
  try {
    await mkdir(join(folder, 'in'))
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, 'in', name), content)
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export interface Prepared {
  readonly dataset: Dataset
  readonly manifest: StepManifest
  readonly badRows: readonly BadRow[]
  readonly item: (id: string) => Item
}

/** Prepares `files` with all rows kept, and every bad row let pass, unless `settings` say otherwise. */
export function prepared (files: Files, settings: Record<string, unknown> = {}): Promise<Prepared> {
  return withFiles(files, async (folder) => {
    const badRows: BadRow[] = []
    const { manifest } = await prepare({
      inputs: [join(folder, 'in')],
      out: join(folder, 'out'),
      settings: prepareSettings({ kCore: 'none', maxBadShare: 1, ...settings }),
      onBadRow: (row) => badRows.push(row),
    })
    const dataset = await openDataset(join(folder, 'out'))
    return { dataset, manifest, badRows, item: (id) => dataset.items.find(({ itemId }) => itemId === id)! }
  })
}

/** Writes a Parquet file's bytes from the rows of an SQL query. */
export async function parquet (sql: string): Promise<Uint8Array> {
  return withFiles({}, async (folder) => {
    const db = await openDatabase(folder)
    try {
      const path = join(folder, 'rows.parquet')
      await db.run(`COPY (${sql}) TO ${literal(path)} (FORMAT parquet)`)
      return await readFile(path)
    } finally {
      db.close()
    }
  })
}
