import { trainPrefix } from '../../data/dataset.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { historyScorer } from './history-scorer.ts'
import { buildPostings } from './postings.ts'

/** Items of the history that count, and what each step back leaves of their weight. */
export const TRANSITIONS = { last: 10, decay: 0.6 } as const

/**
 * First-order transitions: score(j) = sum over k = 0..9 of 0.6^k count(h[-1-k] -> j), where count(a -> b) is how often
 * b follows a directly in a training prefix.
 */
export function transitions (dataset: Dataset): Scorer {
  const postings = buildPostings(dataset)
  return historyScorer('transitions', dataset, (history, scores) => {
    for (const [k, id] of history.slice(-TRANSITIONS.last).reverse().entries()) {
      const weight = TRANSITIONS.decay ** k
      postings.each(id, (user, place) => {
        const follower = trainPrefix(dataset, user)[place + 1]
        if (follower !== undefined) scores[follower] = scores[follower]! + weight
      })
    }
  })
}
