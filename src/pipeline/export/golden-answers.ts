import type { Golden } from '../../bundle/layout.ts'
import type { Dataset } from '../../data/dataset.ts'
import { latestIds } from '../../data/window.ts'
import { byScore, dot } from '../../retrieve/vector-table.ts'
import type { Model } from '../../train/model.ts'
import type { DomainRows } from './domain-rows.ts'
import { historyOf, spreadUsers } from './real-histories.ts'

const USERS = 4
const ANSWERS = 10
/** On a score, as a share of the largest: two runtimes, and vectors that were rounded on the way. */
const TOLERANCE = 1e-4

/**
 * What an engine must answer, from the trained model and a scan, without any part of the engine.
 * @param vectors item vectors of each domain, rows as in `domains`
 */
export function goldenAnswers (
  model: Model, dataset: Dataset, domains: readonly DomainRows[], vectors: readonly Float32Array[]
): Golden {
  const width = model.vectorWidth
  const windows = spreadUsers(dataset, USERS).map((user) => latestIds(historyOf(dataset, user), model.settings.length))
  const cases = domains.flatMap(({ name, ids, items }, k) => windows.map((window) => {
    const user = model.userVectors([window], k)
    const seen = new Set(window)
    const hits = Array.from(ids, (id, row) => ({ id, row }))
      .filter(({ id }) => !seen.has(id))
      .map(({ row }) => ({ row, score: dot(user, vectors[k]!.subarray(row * width, (row + 1) * width)) }))
    return {
      domain: name,
      history: Array.from(window, (id) => dataset.items[id - 1]!.itemId),
      items: hits.sort(byScore).slice(0, ANSWERS).map(({ row, score }) => ({ itemId: items[row]!.itemId, score })),
    }
  }))
  const largest = Math.max(1, ...cases.flatMap(({ items }) => items.map(({ score }) => Math.abs(score))))
  return { tolerance: TOLERANCE * largest, cases }
}
