import { trainPrefix } from '../../data/dataset.ts'
import type { Dataset } from '../../data/dataset.ts'
import { trainCounts } from '../../data/train-counts.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { historyScorer } from './history-scorer.ts'
import { buildPostings } from './postings.ts'

/** Items of the history that count, and what each step back leaves of their weight. */
export const ITEM_KNN = { last: 10, decay: 0.8 } as const

/**
 * Item-kNN: score(j) = sum over k = 0..9 of 0.8^k co(h[-1-k], j) / sqrt(pop(h[-1-k]) pop(j)), where co(i, j) counts
 * pairs of different positions of one training prefix and pop the training events of an item.
 * Pairs are met through the inverted index; no matrix of items by items is held.
 */
export function itemKnn (dataset: Dataset): Scorer {
  const postings = buildPostings(dataset)
  const rootPopularity = Float64Array.from(trainCounts(dataset), Math.sqrt)
  return historyScorer('item-knn', dataset, (history, scores) => {
    for (const [k, id] of history.slice(-ITEM_KNN.last).reverse().entries()) {
      const weight = ITEM_KNN.decay ** k / rootPopularity[id]!
      postings.each(id, (user, place) => {
        const prefix = trainPrefix(dataset, user)
        for (let other = 0; other < prefix.length; other++) {
          const j = prefix[other]!
          if (other !== place) scores[j] = scores[j]! + weight / rootPopularity[j]!
        }
      })
    }
  })
}
