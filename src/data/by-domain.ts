import { sha256 } from '../files/hash.ts'
import { buildCandidates } from './candidates.ts'
import { domainOf, FEWEST_EVENTS } from './dataset.ts'
import type { Dataset } from './dataset.ts'

/**
 * The same items with one sequence for each domain that a user has at least three events in, those of one domain after
 * those of the one before: each domain's own last two events are held out, and a sequence knows nothing of the user's
 * others. A user may so stand in `users` more than once.
 * @param use which (domain index, user index) to take
 * @param name what tells this choice from others, for the digest
 */
export function byDomain (
  dataset: Dataset, name: string, use: (domain: number, user: number) => boolean = () => true
): Dataset {
  const { domains, users, offsets, events, times } = dataset
  // Synthetic events lie between those of all domains, and belong to users by their old numbers.
  const { augmentation: _, ...raw } = dataset
  const kinds = events.map((id) => domainOf(domains, id))
  const kept: { readonly user: string, readonly at: number[] }[] = []
  for (const k of domains.keys()) {
    for (const [u, user] of users.entries()) {
      if (!use(k, u)) continue
      const at: number[] = []
      for (let i = offsets[u]!; i < offsets[u + 1]!; i++) if (kinds[i] === k) at.push(i)
      if (at.length >= FEWEST_EVENTS) kept.push({ user, at })
    }
  }
  const places = kept.flatMap(({ at }) => at)
  const starts = new Uint32Array(kept.length + 1)
  for (const [row, { at }] of kept.entries()) starts[row + 1] = starts[row]! + at.length
  const sequences = {
    users: kept.map(({ user }) => user),
    offsets: starts,
    events: Int32Array.from(places, (place) => events[place]!),
  }
  return {
    ...raw,
    ...sequences,
    digest: sha256(`${dataset.digest}/by-domain/${name}`),
    times: Float64Array.from(places, (place) => times[place]!),
    candidates: buildCandidates({ domains, ...sequences }, dataset.candidates.seed),
  }
}
