import { IsthmusError } from '../errors.ts'

/** `popularity-<domain>.json`: [itemId, score], best first; made by `rankPopularity`. */
export interface PopularityFile {
  readonly halfLifeDays: number
  readonly items: ReadonlyArray<readonly [itemId: string, score: number]>
}

/** Reads the list of one domain. Fails with `artefact_invalid`. */
export function parsePopularity (text: string, file: string): PopularityFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new IsthmusError('artefact_invalid', `${file} is not JSON`, { cause, place: { file } })
  }
  if (!isPopularity(value)) {
    throw new IsthmusError('artefact_invalid', `${file} is no popularity list`, { place: { file } })
  }
  return value
}

function isPopularity (value: unknown): value is PopularityFile {
  if (typeof value !== 'object' || value === null || !('items' in value) || !Array.isArray(value.items)) return false
  const items: unknown[] = value.items
  return items.every((pair) =>
    Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && Number.isFinite(pair[1]))
}

/** One event for the count: an item's row in its domain, and its time in unix milliseconds. */
export interface PopularityEvent { readonly row: number, readonly time: number }

export interface PopularityOptions {
  /** Cluster of each row; rows of one cluster crowd each other out. */
  readonly clusterOf: ArrayLike<number>
  readonly halfLifeDays: number
  readonly limit: number
}

/** What every item taken from a cluster costs the next one of it. */
const CROWDING = 0.8

/**
 * What to offer to somebody of whom nothing is known: purchases halved every `halfLifeDays` before the newest one, each
 * item discounted by how many of its cluster stand before it. Scores fall along the list and lie in (0, 1].
 */
export function rankPopularity (
  events: readonly PopularityEvent[], { clusterOf, halfLifeDays, limit }: PopularityOptions
): Array<{ row: number, score: number }> {
  const newest = events.reduce((latest, { time }) => Math.max(latest, time), -Infinity)
  const weights = new Map<number, number>()
  for (const { row, time } of events) {
    const halvings = (newest - time) / (halfLifeDays * 86_400_000)
    weights.set(row, (weights.get(row) ?? 0) + 2 ** -halvings)
  }
  // Each cluster is a queue, best first; the best head, after its discount, is next.
  const queues = new Map<number, Array<{ row: number, weight: number }>>()
  for (const [row, weight] of weights) {
    const cluster = clusterOf[row] ?? 0
    const queue = queues.get(cluster)
    if (queue === undefined) queues.set(cluster, [{ row, weight }])
    else queue.push({ row, weight })
  }
  for (const queue of queues.values()) queue.sort((a, b) => b.weight - a.weight || a.row - b.row)
  const taken = new Map<number, number>()
  const ranked: Array<{ row: number, score: number }> = []
  while (ranked.length < limit) {
    let next: { cluster: number, row: number, score: number } | undefined
    for (const [cluster, queue] of queues) {
      const place = taken.get(cluster) ?? 0
      const head = queue[place]
      if (head === undefined) continue
      const score = head.weight * CROWDING ** place
      if (next === undefined || score > next.score || (score === next.score && head.row < next.row)) {
        next = { cluster, row: head.row, score }
      }
    }
    if (next === undefined) break
    taken.set(next.cluster, (taken.get(next.cluster) ?? 0) + 1)
    ranked.push({ row: next.row, score: next.score })
  }
  const top = ranked[0]?.score ?? 1
  return ranked.map(({ row, score }) => ({ row, score: score / top }))
}
