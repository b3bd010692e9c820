import type { Dataset } from '../../data/dataset.ts'

/** A user's whole history: global ids in time order. */
export function historyOf ({ offsets, events }: Pick<Dataset, 'offsets' | 'events'>, user: number): Int32Array {
  return events.subarray(offsets[user]!, offsets[user + 1]!)
}

/** At most `count` users, evenly spread over all of them. */
export function spreadUsers ({ users }: Pick<Dataset, 'users'>, count: number): number[] {
  const taken = Math.min(count, users.length)
  return Array.from({ length: taken }, (_, i) => Math.floor(i * users.length / taken))
}

/**
 * A history of exactly `length` real events: the latest of one user, and before them those of the users before him
 * where he has fewer.
 */
export function historyOfLength (
  dataset: Pick<Dataset, 'users' | 'offsets' | 'events'>, user: number, length: number
): Int32Array {
  let ids: number[] = []
  for (let at = user; ids.length < length; at = (at + dataset.users.length - 1) % dataset.users.length) {
    ids = [...historyOf(dataset, at), ...ids]
  }
  return Int32Array.from(ids.slice(-length))
}
