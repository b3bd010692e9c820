import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BundleItem, files, indexFiles } from '../../src/bundle/layout.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { writeBundle } from '../../src/bundle/write.ts'
import { writeNumbers } from '../../src/files/write.ts'
import { HNSW_DEFAULTS } from '../../src/retrieve/hnsw-build.ts'
import { widen } from './catalogue.ts'
import type { IndexFigures } from './figures.ts'

/**
 * A bundle whose one domain has as many rows as `figures` measured, with the index that stands in `work`; encoder and
 * maps are those of `from`. Its items have ids and titles alone. Returns the version's directory.
 */
export async function writeWideBundle (
  from: string, domain: string, { rows, width, shards, ef, recall, queries }: IndexFigures, work: string, root: string
): Promise<string> {
  const bundle = await openBundle(from)
  const { format: _f, version: _v, created: _c, files: _l, parity: _p, source: _s, ...facts } = bundle.manifest
  const described = bundle.manifest.domains.find(({ name }) => name === domain)!
  const base = await bundle.readFloats(files.vectors(domain), described.items * width)
  const { dir } = await writeBundle(root, async (into) => {
    for (const path of [files.itemMap, files.localMap(domain), files.encoder(domain)]) {
      if (bundle.has(path)) await cp(join(bundle.dir, path), join(into, path))
    }
    await writeNumbers(join(into, files.vectors(domain)), widen(base, width, rows))
    const lines = (await bundle.readText(files.items(domain))).split('\n')
    const item = (row: number): BundleItem => {
      const { title } = JSON.parse(lines[row % described.items]!) as BundleItem
      return { itemId: `item-${String(row).padStart(8, '0')}`, ...(title === undefined ? {} : { title }) }
    }
    await writeFile(join(into, files.items(domain)), linesOf(rows, (row) => JSON.stringify(item(row))))
    const popular = Array.from({ length: Math.min(1000, rows) }, (_, i) => [item(i).itemId, 1 / (1 + i)])
    await writeFile(join(into, files.popularity(domain)), JSON.stringify({ halfLifeDays: 180, items: popular }))
    await writeFile(join(into, files.golden), JSON.stringify({ tolerance: 1e-4, cases: [] }))
    for (const [i, path] of indexFiles(domain, shards).entries()) await cp(join(work, `${i}.bin`), join(into, path))
    const { m, efConstruction } = HNSW_DEFAULTS
    return {
      ...facts,
      name: `wide-${rows}`,
      metrics: {},
      domains: [{ ...described, items: rows }],
      retrieval: {
        [domain]: {
          m,
          efConstruction,
          efSearch: ef,
          recall: [...recall],
          queries,
          usable: true,
          ...(shards === 1 ? {} : { shards }),
        },
      },
    }
  })
  return dir
}

async function * linesOf (rows: number, line: (row: number) => string): AsyncGenerator<string> {
  for (let from = 0; from < rows; from += 1000) {
    yield Array.from({ length: Math.min(1000, rows - from) }, (_, i) => `${line(from + i)}\n`).join('')
  }
}
