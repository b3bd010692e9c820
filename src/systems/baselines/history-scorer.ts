import { evaluationInput } from '../../data/dataset.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Scorer } from '../../evaluate/scorer.ts'

/** Adds the evidence of one history (global ids, oldest first) to scores by global id, [items + 1], zeros at first. */
export type ScoreHistory = (history: Int32Array, scores: Float64Array, user: number) => void

/**
 * A counting baseline as a `Scorer`. Sums are made in double precision and rounded once: two ways to the same sum then
 * tie, as they should, whatever the order of the additions.
 */
export function historyScorer (name: string, dataset: Dataset, scoreHistory: ScoreHistory): Scorer {
  const scores = new Float64Array(dataset.items.length + 1)
  return {
    name,
    zeroIsAbsent: true,
    score (users, split, domain) {
      const { offset, size } = dataset.domains[domain]!
      const block = new Float32Array(users.length * size)
      for (const [row, user] of users.entries()) {
        scores.fill(0)
        scoreHistory(evaluationInput(dataset, user, split), scores, user)
        block.set(scores.subarray(offset + 1, offset + 1 + size), row * size)
      }
      return block
    },
  }
}
