import type { Dataset } from '../../data/dataset.ts'
import { trainPrefix } from '../../data/dataset.ts'
import type { Model } from '../../train/model.ts'
import { spreadUsers } from './real-histories.ts'

const USERS = 300
const USERS_AT_ONCE = 64

/**
 * The length that the vector of a user known by a text alone gets: profiles are aligned by their cosine, so only their
 * direction is learned. It is the mean length of what the mixed thread says over training histories, or 1 where all
 * vectors have it.
 */
export function textNorm (model: Model, dataset: Dataset): number {
  if (model.spec.items.norm === 'unit') return 1
  const { width } = model.settings
  const histories = spreadUsers(dataset, USERS).map((user) => trainPrefix(dataset, user))
  let sum = 0
  for (let from = 0; from < histories.length; from += USERS_AT_ONCE) {
    const vectors = model.lastSteps(histories.slice(from, from + USERS_AT_ONCE))
    for (let at = 0; at < vectors.length; at += width) sum += Math.hypot(...vectors.subarray(at, at + width))
  }
  return sum / histories.length
}
