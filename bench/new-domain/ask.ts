import { setTimeout } from 'node:timers/promises'
import type { Dataset, Item } from '../../src/data/dataset.ts'
import { trainCounts } from '../../src/data/train-counts.ts'
import { twoSidedP } from '../../src/evaluate/student-t.ts'
import type { OnProgress } from '../../src/progress.ts'

/** What a user did in a domain, and what came next there. */
export interface Session {
  readonly history: readonly string[]
  readonly target: string
}

export interface NewDomain {
  readonly domain: string
  readonly items: readonly Item[]
  readonly sessions: readonly Session[]
  /** Item ids by their events, all but each user's last, the most frequent first: what a model of the domain knows. */
  readonly popular: readonly string[]
}

/** A domain of a dataset as one that opens: its items, and every user with at least three events in it. */
export function newDomain (dataset: Dataset, domain: string): NewDomain {
  const k = dataset.domains.findIndex(({ name }) => name === domain)
  const { offset, size } = dataset.domains[k]!
  const nameOf = (id: number): string => dataset.items[id - 1]!.itemId
  const sessions = dataset.users.flatMap((_, u): Session[] => {
    const own = [...dataset.events.subarray(dataset.offsets[u]!, dataset.offsets[u + 1]!)]
      .filter((id) => id > offset && id <= offset + size).map(nameOf)
    return own.length < 3 ? [] : [{ history: own.slice(0, -1), target: own.at(-1)! }]
  })
  const counts = trainCounts(dataset)
  const ids = Array.from({ length: size }, (_, i) => offset + 1 + i).sort((a, b) => counts[b]! - counts[a]!)
  return { domain, items: dataset.items.slice(offset, offset + size), sessions, popular: ids.map(nameOf) }
}

export interface NewDomainFound {
  readonly items: number
  readonly ingestSeconds: number
  readonly users: number
  readonly hr10: number
  /** What drawing ten of the items that a user has not had would find, on average over the users. */
  readonly random: number
  readonly popularity: number
  /** Of a paired t-test of hits against the chance of each user's; two-sided. */
  readonly p: number
}

const K = 10
const ASKED_AT_ONCE = 100

/**
 * Posts the items of a domain that a running service has never heard of, then asks for every session's next one there.
 * Throws where an item is refused, or an answer rests on anything but the session.
 */
export async function askNewDomain (
  address: string, { domain, items, sessions, popular }: NewDomain, onProgress?: OnProgress
): Promise<NewDomainFound> {
  const post = async (path: string, type: string, body: string): Promise<unknown> => {
    const response = await fetch(address + path, { method: 'POST', headers: { 'content-type': type }, body })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return await response.json()
  }
  const started = performance.now()
  const lines = items.map(({ itemId, title }) => JSON.stringify({ itemId, domain, title })).join('\n')
  const { accepted } = await post('/items', 'application/x-ndjson', lines) as { accepted: number }
  // A busy machine embeds some of them after it has taken them.
  while ((await (await fetch(`${address}/health`)).json() as { pendingItems: number }).pendingItems > 0) {
    await setTimeout(200)
  }
  const ingestSeconds = (performance.now() - started) / 1000
  if (accepted !== items.length) throw new Error(`${accepted} of ${items.length} items were taken`)

  const hits: number[] = []
  for (let from = 0; from < sessions.length; from += ASKED_AT_ONCE) {
    const some = sessions.slice(from, from + ASKED_AT_ONCE)
    const requests = some.map(({ history }) => ({ domain, history: history.map((itemId) => ({ itemId })), k: K }))
    const { results } = await post('/recommend/batch', 'application/json', JSON.stringify({ requests })) as {
      results: Array<{ basis: string, degraded: boolean, items: Array<{ itemId: string }> }>
    }
    for (const [i, { basis, degraded, items }] of results.entries()) {
      if (basis !== 'history' || degraded) throw new Error(`an answer rests on ${basis}, degraded: ${degraded}`)
      hits.push(items.some(({ itemId }) => itemId === some[i]!.target) ? 1 : 0)
    }
    onProgress?.(hits.length, sessions.length)
  }
  // A target that the user has had already is never answered, and so no chance finds it either.
  const chances = sessions.map(({ history, target }) =>
    history.includes(target) ? 0 : Math.min(1, K / (items.length - new Set(history).size)))
  const popularHits = sessions.map(({ history, target }) => {
    const seen = new Set(history)
    const top: string[] = []
    for (const itemId of popular) if (!seen.has(itemId) && top.push(itemId) === K) break
    return top.includes(target) ? 1 : 0
  })
  return {
    items: items.length,
    ingestSeconds,
    users: sessions.length,
    hr10: mean(hits),
    random: mean(chances),
    popularity: mean(popularHits),
    p: pairedP(hits.map((hit, u) => hit - chances[u]!)),
  }
}

function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function pairedP (differences: readonly number[]): number {
  const middle = mean(differences)
  const square = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (differences.length - 1)
  return middle === 0 ? 1 : twoSidedP(middle / Math.sqrt(square / differences.length), differences.length - 1)
}
