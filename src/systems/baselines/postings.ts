import { trainPrefix } from '../../data/dataset.ts'
import type { Dataset } from '../../data/dataset.ts'

/** Where each item stands in the training prefixes: an inverted index, as large as the events themselves. */
export interface Postings {
  /** Calls back for every place of an item, users in order: the user, and the place in its prefix. */
  readonly each: (globalId: number, visit: (user: number, place: number) => void) => void
  /** Users whose prefix holds the item at least once, by global id: [items + 1]. */
  readonly users: Int32Array
}

export function buildPostings (dataset: Dataset): Postings {
  const items = dataset.items.length
  const starts = new Uint32Array(items + 2)
  for (const user of dataset.users.keys()) {
    for (const id of trainPrefix(dataset, user)) starts[id + 1] = starts[id + 1]! + 1
  }
  for (let id = 0; id <= items; id++) starts[id + 1] = starts[id + 1]! + starts[id]!

  const owners = new Uint32Array(starts[items + 1]!)
  const places = new Uint32Array(owners.length)
  const next = starts.slice()
  const users = new Int32Array(items + 1)
  for (const user of dataset.users.keys()) {
    for (const [place, id] of trainPrefix(dataset, user).entries()) {
      const at = next[id]!
      if (at === starts[id] || owners[at - 1] !== user) users[id] = users[id]! + 1
      owners[at] = user
      places[at] = place
      next[id] = at + 1
    }
  }
  return {
    users,
    each (globalId, visit) {
      for (let at = starts[globalId]!; at < starts[globalId + 1]!; at++) visit(owners[at]!, places[at]!)
    },
  }
}
