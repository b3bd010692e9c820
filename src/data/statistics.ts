import { domainOf, target } from './dataset.ts'
import type { Dataset } from './dataset.ts'

/** What a reader of a dataset wants to know first; domains by name. */
export interface Statistics {
  readonly meanLength: number
  readonly longest: number
  /** Users with events in two domains or more. */
  readonly overlapUsers: number
  /** The share of neighbouring events of a user that have one time, whose order therefore says nothing. */
  readonly tiedShare: number
  readonly domains: Readonly<Record<string, DomainStatistics>>
}

export interface DomainStatistics {
  readonly items: number
  readonly itemsWithoutTitle: number
  readonly events: number
  readonly users: number
  readonly validTargets: number
  readonly testTargets: number
}

/** Counts of a dataset's parts, for its manifest. */
export function statistics (dataset: Omit<Dataset, 'digest' | 'candidates'>): Statistics {
  const { domains, items, users, offsets, events, times } = dataset
  const counts = domains.map(({ size, offset }) => ({
    items: size,
    itemsWithoutTitle: items.slice(offset, offset + size).filter(({ title }) => title === undefined).length,
    events: 0,
    users: 0,
    validTargets: 0,
    testTargets: 0,
  }))
  let [longest, overlapUsers, tied] = [0, 0, 0]
  for (const u of users.keys()) {
    const [from, to] = [offsets[u]!, offsets[u + 1]!]
    const seen = new Set<number>()
    for (let at = from; at < to; at++) {
      const k = domainOf(domains, events[at]!)
      counts[k]!.events++
      seen.add(k)
      if (at > from && times[at] === times[at - 1]) tied++
    }
    for (const k of seen) counts[k]!.users++
    counts[domainOf(domains, target(dataset, u, 'valid'))]!.validTargets++
    counts[domainOf(domains, target(dataset, u, 'test'))]!.testTargets++
    if (seen.size > 1) overlapUsers++
    longest = Math.max(longest, to - from)
  }
  const neighbours = events.length - users.length
  return {
    meanLength: events.length / users.length,
    longest,
    overlapUsers,
    tiedShare: neighbours === 0 ? 0 : tied / neighbours,
    domains: Object.fromEntries(domains.map(({ name }, k) => [name, counts[k]!])),
  }
}
