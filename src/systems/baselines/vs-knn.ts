import { trainPrefix } from '../../data/dataset.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { historyScorer } from './history-scorer.ts'
import { buildPostings } from './postings.ts'
import type { Postings } from './postings.ts'

/** Items of the history that count, and users that vote. */
export const VS_KNN = { last: 20, neighbours: 100 } as const

interface Neighbour { readonly user: number, readonly similarity: number }

/**
 * Vector-multiplication session kNN (Ludewig and Jannach, 2018), over whole histories. Of the last 20 items, the one at
 * position p (oldest 0) of n weighs (p + 1) / n; idf = ln(users / users with the item). The 100 users most similar by
 * the sum of weight x idf over shared items vote: score(j) = sum of similarity x idf(j) / (1 + |pos(j) - pos(m)|),
 * where m is the neighbour's item of the largest weight, the later one on a tie. Neighbours tie to the earlier user.
 */
export function vsKnn (dataset: Dataset): Scorer {
  const postings = buildPostings(dataset)
  const idf = Float64Array.from(postings.users, (users) => users === 0 ? 0 : Math.log(dataset.users.length / users))
  return historyScorer('vs-knn', dataset, (history, scores, self) => {
    const weights = positionWeights(history.subarray(-VS_KNN.last))
    for (const { user, similarity } of nearest(weights, idf, postings, self)) {
      const prefix = trainPrefix(dataset, user)
      const match = matchPlace(prefix, weights)
      for (let place = 0; place < prefix.length; place++) {
        const j = prefix[place]!
        scores[j] = scores[j]! + similarity * idf[j]! / (1 + Math.abs(place - match))
      }
    }
  })
}

/** By global id; an item taken twice weighs by its later place. */
function positionWeights (history: Int32Array): Map<number, number> {
  return new Map([...history].map((id, place) => [id, (place + 1) / history.length]))
}

function nearest (
  weights: ReadonlyMap<number, number>, idf: Float64Array, postings: Postings, self: number
): Neighbour[] {
  const similarities = new Map<number, number>()
  for (const [id, weight] of weights) {
    let last = self
    postings.each(id, (user) => {
      // Places of one item come user by user; a user counts once.
      if (user !== self && user !== last) similarities.set(user, (similarities.get(user) ?? 0) + weight * idf[id]!)
      last = user
    })
  }
  return [...similarities]
    .map(([user, similarity]) => ({ user, similarity }))
    .sort((a, b) => b.similarity - a.similarity || a.user - b.user)
    .slice(0, VS_KNN.neighbours)
}

function matchPlace (prefix: Int32Array, weights: ReadonlyMap<number, number>): number {
  let match = 0
  let largest = 0
  for (const [place, id] of prefix.entries()) {
    const weight = weights.get(id) ?? 0
    if (weight >= largest) {
      largest = weight
      match = place
    }
  }
  return match
}
