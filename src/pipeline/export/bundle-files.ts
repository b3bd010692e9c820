import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type BundleHistory, files } from '../../bundle/layout.ts'
import type { Dataset } from '../../data/dataset.ts'
import { writeNumbers } from '../../files/write.ts'
import type { DomainRows } from './domain-rows.ts'
import { rowsOf } from './domain-rows.ts'
import { historyOf } from './real-histories.ts'

/** `items-<domain>.jsonl` of every domain. */
export async function writeItems (dir: string, domains: readonly DomainRows[]): Promise<void> {
  for (const { name, items } of domains) {
    await writeFile(join(dir, files.items(name)), items.map((item) => `${JSON.stringify(item)}\n`).join(''))
  }
}

/** `text.f32`: raw embeddings, domain by domain. @param texts row-major, row g - 1 for global id g */
export async function writeTexts (
  dir: string, domains: readonly DomainRows[], texts: Float32Array, width: number
): Promise<void> {
  const all = new Float32Array(domains.reduce((sum, { ids }) => sum + ids.length, 0) * width)
  let at = 0
  for (const { ids } of domains) {
    all.set(rowsOf(ids, texts, width), at)
    at += ids.length * width
  }
  await writeNumbers(join(dir, files.texts), all)
}

/** `histories.jsonl.gz`: everything that every user did. The same dataset gives the same bytes. */
export async function writeHistories (dir: string, dataset: Dataset): Promise<void> {
  await pipeline(Readable.from(historyLines(dataset)), createGzip(), createWriteStream(join(dir, files.histories)))
}

/** Users to a chunk: gzip is given pieces of about 100 kB. */
const USERS_AT_ONCE = 500

function * historyLines (dataset: Dataset): Generator<string> {
  let lines: string[] = []
  for (const [u, userId] of dataset.users.entries()) {
    const history: BundleHistory = {
      userId,
      events: Array.from(historyOf(dataset, u), (id, i) =>
        [dataset.items[id - 1]!.itemId, dataset.times[dataset.offsets[u]! + i]!]),
    }
    lines.push(`${JSON.stringify(history)}\n`)
    if (lines.length === USERS_AT_ONCE) {
      yield lines.join('')
      lines = []
    }
  }
  if (lines.length > 0) yield lines.join('')
}
