import { trainPrefix } from './dataset.ts'
import type { Dataset } from './dataset.ts'

/** How often each item stands in the users' training prefixes, by global id: [items + 1], 0 for padding. */
export function trainCounts (dataset: Dataset): Int32Array {
  const counts = new Int32Array(dataset.items.length + 1)
  for (const user of dataset.users.keys()) {
    for (const id of trainPrefix(dataset, user)) counts[id] = counts[id]! + 1
  }
  return counts
}
