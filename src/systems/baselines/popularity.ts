import type { Dataset } from '../../data/dataset.ts'
import { trainCounts } from '../../data/train-counts.ts'
import type { Scorer } from '../../evaluate/scorer.ts'

/** The same for everybody: how often an item stands in the training prefixes. */
export function popularity (dataset: Dataset): Scorer {
  const counts = Float32Array.from(trainCounts(dataset))
  return {
    name: 'popularity',
    zeroIsAbsent: true,
    score (users, _split, domain) {
      const { offset, size } = dataset.domains[domain]!
      const block = new Float32Array(users.length * size)
      for (const row of users.keys()) block.set(counts.subarray(offset + 1, offset + 1 + size), row * size)
      return block
    },
  }
}
