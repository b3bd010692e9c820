import type { Golden } from '../../bundle/layout.ts'
import type { EncoderFacts } from '../../bundle/manifest.ts'
import type { Dataset } from '../../data/dataset.ts'
import { latestIds } from '../../data/window.ts'
import { openUserEncoder } from '../../encode/user-encoder.ts'
import { byScore, dot } from '../../retrieve/vector-table.ts'
import type { Model } from '../../train/model.ts'
import type { DomainRows } from './domain-rows.ts'
import { historyOf, spreadUsers } from './real-histories.ts'
import { windowMaker } from './windows.ts'

const USERS = 4
const ANSWERS = 10
/** On a score, as a share of the largest: two runtimes, and vectors that were rounded on the way. */
const TOLERANCE = 1e-4
/** A runtime that differs in the last bit of a float rounds bytes the other way: vectors moved by up to 0.009. */
const INT8_TOLERANCE = 1e-2

/** Encoders that are served and are not the trained model as it is: in int8, one for each domain. */
export interface Int8Encoders { readonly graphs: readonly Uint8Array[], readonly encoder: EncoderFacts }

/**
 * What an engine must answer, by a scan, without any part of the engine: from the trained model, or where encoders are
 * served that were rounded, from these.
 * @param vectors item vectors of each domain, rows as in `domains`
 */
export async function goldenAnswers (
  model: Model, dataset: Dataset, domains: readonly DomainRows[], vectors: readonly Float32Array[], int8?: Int8Encoders
): Promise<Golden> {
  const width = model.vectorWidth
  const windows = spreadUsers(dataset, USERS).map((user) => latestIds(historyOf(dataset, user), model.settings.length))
  const cases: Array<Golden['cases'][number]> = []
  for (const [k, { name, ids, items }] of domains.entries()) {
    const users = int8 === undefined
      ? windows.map((window) => model.userVectors([window], k))
      : await encodeAlone(model, dataset, windows, k, int8)
    for (const [u, window] of windows.entries()) {
      const seen = new Set(window)
      const hits = Array.from(ids, (id, row) => ({ id, row }))
        .filter(({ id }) => !seen.has(id))
        .map(({ row }) => ({ row, score: dot(users[u]!, vectors[k]!.subarray(row * width, (row + 1) * width)) }))
      cases.push({
        domain: name,
        history: Array.from(window, (id) => dataset.items[id - 1]!.itemId),
        items: hits.sort(byScore).slice(0, ANSWERS).map(({ row, score }) => ({ itemId: items[row]!.itemId, score })),
      })
    }
  }
  const largest = Math.max(1, ...cases.flatMap(({ items }) => items.map(({ score }) => Math.abs(score))))
  return { tolerance: (int8 === undefined ? TOLERANCE : INT8_TOLERANCE) * largest, cases }
}

async function encodeAlone (
  model: Model, { domains }: Dataset, histories: readonly Int32Array[], domain: number,
  { graphs, encoder }: Int8Encoders
): Promise<Float32Array[]> {
  const windowOf = windowMaker(model, domains, encoder.windowLength)
  const opened = await openUserEncoder(graphs[domain]!, encoder, { provider: 'cpu' })
  try {
    const vectors: Float32Array[] = []
    for (const history of histories) vectors.push(await opened.encode([windowOf(history, domain)]))
    return vectors
  } finally {
    await opened.close()
  }
}
