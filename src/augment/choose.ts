import { domainOf, trainPrefix } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import { domainRatio } from '../data/domain-ratio.ts'
import { createRandom } from '../random.ts'
import { calibrate, passes } from './filter.ts'
import type { Candidate, Outcome } from './read-answers.ts'

/** What decides which generated items are inserted. */
export interface ChoiceSettings {
  /** False: the noise filter keeps everything. */
  readonly filter: boolean
  /** The worst rank on the source side. */
  readonly filterTopK: number
  /** The least cosine on the target side; `auto`: as many items as in the paper. */
  readonly filterTau: number | 'auto'
  /** The share of what the filter kept that is inserted. */
  readonly injectRatio: number
  /** Users whose training events lie less unevenly over the domains get none. */
  readonly injectMinR: number
  readonly seed: number
}

/** The filter, then the controls of injection: those that stay are `kept`. `tau` is absent without a filter. */
export function choose (
  dataset: Pick<Dataset, 'domains' | 'users' | 'offsets' | 'events'>, candidates: readonly Candidate[],
  { filter, filterTopK: topK, filterTau, injectRatio, injectMinR, seed }: ChoiceSettings
): { candidates: Candidate[], tau?: number } {
  const tau = filterTau === 'auto' ? tauOf(candidates, topK, dataset.users.length) : filterTau
  const ratios = new Map<number, number>()
  const ratioOf = (user: number): number => {
    const known = ratios.get(user) ?? unevenness(dataset, user)
    ratios.set(user, known)
    return known
  }
  const filtered = candidates.map((one): Candidate => {
    const { outcome, score, direction: { user } } = one
    if (outcome !== 'kept' || score === undefined) return one
    if (filter && !passes(score, { topK, tau })) return { ...one, outcome: score.rank > topK ? 'belowRank' : 'belowTau' }
    return ratioOf(user) < injectMinR ? { ...one, outcome: 'belowMinR' } : one
  })
  const kept = Int32Array.from(filtered.keys()).filter((i) => filtered[i]!.outcome === 'kept')
  // Drawn from all together, and less of them are a part of more.
  const order = createRandom(seed, 'inject').shuffle(kept)
  const left = new Set(order.subarray(Math.round(injectRatio * order.length)))
  const outcome: Outcome = 'notInjected'
  return {
    candidates: filtered.map((one, i) => left.has(i) ? { ...one, outcome } : one),
    ...(filter && { tau }),
  }
}

function tauOf (candidates: readonly Candidate[], topK: number, users: number): number {
  return calibrate(candidates.flatMap(({ outcome, score }) =>
    outcome === 'kept' && score !== undefined && score.rank <= topK ? [score.target] : []), users)
}

/** r of a user's training events; with more than two domains between the largest and the rest. */
function unevenness (dataset: Pick<Dataset, 'domains' | 'offsets' | 'events'>, user: number): number {
  const prefix = trainPrefix(dataset, user)
  const counts = dataset.domains.map((_, k) => prefix.filter((id) => domainOf(dataset.domains, id) === k).length)
  const most = Math.max(...counts)
  return domainRatio(most, prefix.length - most).ratio
}
