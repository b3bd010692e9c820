import type { Dataset } from '../../data/dataset.ts'
import { kMeans } from '../../numeric/kmeans.ts'
import { type PopularityEvent, type PopularityFile, rankPopularity } from '../../retrieve/popularity.ts'
import type { DomainRows } from './domain-rows.ts'
import { rowsOf } from './domain-rows.ts'

/** What a list holds at most, and how many kinds of items it is spread over. */
const LISTED = 2000
const CLUSTERS = 24

/**
 * What is offered to somebody of whom nothing is known: recent purchases of one domain, spread over kinds of items.
 * @param vectors item vectors of all items [items, width], by which kinds are told apart
 */
export function popularItems (
  dataset: Dataset, rows: DomainRows, vectors: Float32Array, width: number, halfLifeDays: number
): PopularityFile {
  const { offset, size } = rows.domain
  const events: PopularityEvent[] = []
  for (const [i, id] of dataset.events.entries()) {
    if (id > offset && id <= offset + size) events.push({ row: rows.rowOf(id), time: dataset.times[i]! })
  }
  const alone = new Int32Array(size)
  // Ranked twice: kinds are found among what is popular at all, which keeps the clustering cheap.
  const candidates = rankPopularity(events, { clusterOf: alone, halfLifeDays, limit: LISTED }).map(({ row }) => row)
  if (candidates.length === 0) return { halfLifeDays, items: [] }
  const points = rowsOf(Int32Array.from(candidates, (row) => rows.ids[row]!), vectors, width)
  const { labels } = kMeans(points, width, Math.min(CLUSTERS, candidates.length), { restarts: 1 })
  const clusterOf = new Map(candidates.map((row, i) => [row, labels[i]!]))
  const ranked = rankPopularity(events.filter(({ row }) => clusterOf.has(row)), {
    clusterOf: Int32Array.from(alone, (_, row) => clusterOf.get(row) ?? 0), halfLifeDays, limit: LISTED,
  })
  return { halfLifeDays, items: ranked.map(({ row, score }) => [rows.items[row]!.itemId, score]) }
}
