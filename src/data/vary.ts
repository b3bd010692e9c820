import { IsthmusError } from '../errors.ts'
import { createRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { domainOf, trainPrefix } from './dataset.ts'
import type { Domain } from './dataset.ts'
import { FEWEST_EVENTS } from './dataset.ts'
import type { Sequences } from './sequences.ts'

/** What studies change in a dataset; every draw follows from the seed. */
export interface VarySettings {
  /** Of everything that is drawn. */
  readonly seed: number
  /** At most so many users, drawn at random, and the items that they had. */
  readonly mostUsers?: number
  /** The share of each domain's items that is taken out with all its events, as if nobody had had them yet. */
  readonly heldOutItems?: number
  /** The share of the users who train over several domains that is left so. */
  readonly overlapRatio?: number
}

/** Some of the users, and without the items held out; users left with too few events go. */
export function restrict (sequences: Sequences, { seed, mostUsers, heldOutItems }: VarySettings): Sequences {
  let kept = sequences
  if (mostUsers !== undefined) {
    const chosen = new Set(drawn(kept.users.length, mostUsers, createRandom(seed, 'users')))
    const had = new Set([...chosen].flatMap((user) => [...eventsOf(kept, user)]))
    kept = subset(kept, (user) => chosen.has(user), (id) => had.has(id))
  }
  if (heldOutItems !== undefined) {
    const out = new Set(kept.domains.flatMap(({ name, size, offset }) =>
      drawn(size, Math.round(size * heldOutItems), createRandom(seed, `held-out/${name}`)).map((i) => offset + 1 + i)))
    kept = subset(kept, () => true, (id) => !out.has(id))
  }
  return kept
}

/**
 * Makes users of several domains users of one (LLM4CDSR section 4.1.1), until `overlapRatio` of them are left: one of
 * their domains, drawn at random, stays. Departure: only training events go. What validation and test ask for stays, so
 * that every ratio is measured on the same targets, and a smaller ratio leaves a part of a larger one's users alone.
 */
export function thinOverlap (sequences: Sequences, { seed, overlapRatio }: VarySettings): Sequences {
  if (overlapRatio === undefined) return sequences
  const { users, domains, offsets } = sequences
  const touched = users.map((_, user) =>
    [...new Set(Array.from(trainPrefix(sequences, user), (id) => domainOf(domains, id)))].sort((a, b) => a - b))
  const several = Int32Array.from(users.keys()).filter((user) => touched[user]!.length > 1)
  const order = createRandom(seed, 'overlap').shuffle(several)
  const thinned = new Set(order.subarray(Math.round(order.length * overlapRatio)))
  const stays = (at: number, user: number, only: number | undefined): boolean =>
    only === undefined || at >= offsets[user + 1]! - 2 || domainOf(domains, sequences.events[at]!) === only
  return filterEvents(sequences, users.map((id, user) => {
    const choice = touched[user]!
    const only = thinned.has(user) ? choice[createRandom(seed, `overlap/${id}`).integer(choice.length)] : undefined
    return positions(sequences, user).filter((at) => stays(at, user, only))
  }))
}

/** The events of some users with some items, both numbered anew in their old order. */
function subset (
  sequences: Sequences, user: (index: number) => boolean, item: (globalId: number) => boolean
): Sequences {
  const kept = sequences.users.map((_, u) => {
    const events = user(u) ? positions(sequences, u).filter((at) => item(sequences.events[at]!)) : []
    return events.length < FEWEST_EVENTS ? [] : events
  })
  const ids = [...sequences.items.keys()].map((i) => i + 1).filter(item)
  const numbers = new Map(ids.map((id, i) => [id, i + 1]))
  let offset = 0
  const domains = sequences.domains.map(({ name, offset: from, size: count }): Domain => {
    const size = ids.filter((id) => id > from && id <= from + count).length
    const domain = { name, size, offset }
    offset += size
    return domain
  })
  const lived = [...kept.keys()].filter((u) => kept[u]!.length > 0)
  if (lived.length === 0 || domains.some(({ size }) => size === 0)) {
    throw new IsthmusError('dataset_empty', 'no user is left, or no item of a domain: keep more of them')
  }
  const { events, ...rest } = filterEvents(
    { ...sequences, users: lived.map((u) => sequences.users[u]!) }, lived.map((u) => kept[u]!))
  return {
    ...rest,
    domains,
    items: ids.map((id) => sequences.items[id - 1]!),
    events: events.map((id) => numbers.get(id)!),
  }
}

/** The events at these places, user by user. */
function filterEvents (sequences: Sequences, places: ReadonlyArray<readonly number[]>): Sequences {
  const offsets = new Uint32Array(places.length + 1)
  for (const [user, { length }] of places.entries()) offsets[user + 1] = offsets[user]! + length
  const all = places.flat()
  return {
    ...sequences,
    offsets,
    events: Int32Array.from(all, (at) => sequences.events[at]!),
    times: Float64Array.from(all, (at) => sequences.times[at]!),
  }
}

function positions ({ offsets }: Sequences, user: number): number[] {
  return Array.from({ length: offsets[user + 1]! - offsets[user]! }, (_, i) => offsets[user]! + i)
}

function eventsOf ({ offsets, events }: Sequences, user: number): Int32Array {
  return events.subarray(offsets[user]!, offsets[user + 1]!)
}

/** `count` different numbers below `total`. */
function drawn (total: number, count: number, random: Random): number[] {
  return [...random.shuffle(Int32Array.from({ length: total }, (_, i) => i)).subarray(0, count)]
}
