import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { files, indexFiles } from '../../src/bundle/layout.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { writeBundle } from '../../src/bundle/write.ts'
import { buildHnsw } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { type TinyBundle, type TinyBundleOptions, writeTinyBundle } from './tiny-bundle.ts'

const WIDTH = 32

/** A tiny bundle with every file that a bundle can have: an index for each domain, where the driver is there. */
export async function writeIndexedBundle (options: TinyBundleOptions = {}): Promise<TinyBundle> {
  const tiny = await writeTinyBundle(options)
  const driver = await findHnswDriver()
  if (driver === undefined) return tiny
  const bundle = await openBundle(tiny.dir)
  const { format: _f, version: _v, created, files: listed, ...facts } = tiny.manifest
  const { dir, manifest } = await writeBundle(tiny.root, async (into) => {
    for (const { path } of listed) await cp(join(tiny.dir, path), join(into, path))
    for (const { name, items } of facts.domains) {
      const vectors = await bundle.readFloats(files.vectors(name), items * WIDTH)
      await writeFile(join(into, indexFiles(name)[0]!), await buildHnsw(vectors, WIDTH, driver))
    }
    const recall = [{ ef: 128, recall: 1 }]
    const index = { m: 16, efConstruction: 200, efSearch: 128, recall, queries: 1, usable: true }
    return { ...facts, retrieval: Object.fromEntries(facts.domains.map(({ name }) => [name, index])) }
  }, { now: () => created + 1000 })
  return { ...tiny, dir, manifest }
}
