import { byDomain } from '../../data/by-domain.ts'
import type { Dataset } from '../../data/dataset.ts'
import { evaluationInput } from '../../data/dataset.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { createRandom } from '../../random.ts'
import { popularity } from '../../systems/baselines/popularity.ts'
import { transitions } from '../../systems/baselines/transitions.ts'
import type { ItemTexts } from '../../systems/initial-weights.ts'

/** What a domain's own sequences are compared by: the first two have seen no event of it, the last two all of them. */
export const TRANSFER_BASELINES = ['random', 'text-similarity', 'popularity', 'transitions'] as const
export type TransferBaseline = typeof TRANSFER_BASELINES[number]

/** The sequences that llm-recg is tested on where users are not halved. */
export function transferSet (dataset: Dataset): Dataset {
  return byDomain(dataset, 'test')
}

/** @param dataset a `transferSet` */
export function transferScorer (name: TransferBaseline, dataset: Dataset, texts: ItemTexts): Scorer {
  if (name === 'popularity') return popularity(dataset)
  if (name === 'transitions') return transitions(dataset)
  return name === 'random' ? randomScorer(dataset) : textSimilarity(dataset, texts)
}

/** Draws that follow from the user alone. */
function randomScorer ({ domains, users: ids }: Dataset): Scorer {
  return {
    name: 'random',
    score (users, _split, domain) {
      const { size } = domains[domain]!
      const block = new Float32Array(users.length * size)
      for (const [u, user] of users.entries()) {
        const random = createRandom(42, `random/${ids[user]!}/${domain}`)
        for (let i = u * size; i < (u + 1) * size; i++) block[i] = random.next()
      }
      return block
    },
  }
}

/**
 * The cosine of an item's text with that of the last item, each without what all texts of the domain share: without
 * that step it is weaker, and a fair baseline is the best of its kind.
 */
export function textSimilarity (dataset: Dataset, { rows, width }: ItemTexts): Scorer {
  const centred = new Float32Array(rows.length)
  for (const { offset, size } of dataset.domains) {
    const mean = new Float64Array(width)
    for (let at = offset * width; at < (offset + size) * width; at++) mean[at % width]! += rows[at]! / size
    for (let row = offset; row < offset + size; row++) {
      let square = 0
      for (let i = 0; i < width; i++) square += (rows[row * width + i]! - mean[i]!) ** 2
      const length = Math.sqrt(square) || 1
      for (let i = 0; i < width; i++) centred[row * width + i] = (rows[row * width + i]! - mean[i]!) / length
    }
  }
  return {
    name: 'text-similarity',
    score (users, split, domain) {
      const { offset, size } = dataset.domains[domain]!
      const block = new Float32Array(users.length * size)
      for (const [u, user] of users.entries()) {
        const last = evaluationInput(dataset, user, split).at(-1)! - 1
        for (let item = 0; item < size; item++) {
          let sum = 0
          for (let i = 0; i < width; i++) sum += centred[last * width + i]! * centred[(offset + item) * width + i]!
          block[u * size + item] = sum
        }
      }
      return block
    },
  }
}
