import { IsthmusError } from '../errors.ts'
import { createRandom } from '../random.ts'
import type { Evaluation } from './evaluate.ts'
import { ndcgGain } from './metrics.ts'
import { twoSidedP } from './student-t.ts'

/** Is one system better than another on the same users, and by how much? */
export interface PairedComparison {
  readonly users: number
  /** Mean over users of first minus second. */
  readonly difference: number
  /** Student's t over the users' differences, and its two-sided p. */
  readonly t: number
  readonly p: number
  /** Percentile bootstrap over users: 95 % of the resampled mean differences lie in here. */
  readonly interval: readonly [number, number]
}

export interface CompareOptions {
  /** What one rank is worth; NDCG@10 by default. */
  readonly gain?: (rank: number) => number
  readonly seed?: number
  readonly resamples?: number
}

/**
 * Compares two systems user by user. Each is given by its evaluations, one for every seed that it was trained with:
 * what a user is worth is the mean over them.
 * @throws config_invalid when they are not all of the same users, split and mode, or of fewer than two users.
 */
export function comparePaired (
  first: readonly Evaluation[], second: readonly Evaluation[], options: CompareOptions = {}
): PairedComparison {
  const { gain = (rank) => ndcgGain(rank, 10), seed = 42, resamples = 2000 } = options
  const [reference, ...others] = [...first, ...second]
  if (reference === undefined || first.length === 0 || second.length === 0 || !others.every(isPairOf(reference))) {
    throw new IsthmusError('config_invalid', 'a paired comparison needs the same users, split and mode')
  }
  const users = reference.users.length
  if (users < 2) throw new IsthmusError('config_invalid', 'a paired comparison needs two users at least')

  const mean = (evaluations: readonly Evaluation[], row: number): number =>
    evaluations.reduce((sum, { ranks }) => sum + gain(ranks[row]!), 0) / evaluations.length
  const differences = Float64Array.from({ length: users }, (_, row) => mean(first, row) - mean(second, row))
  const difference = differences.reduce((sum, value) => sum + value, 0) / users
  const squares = differences.reduce((sum, value) => sum + (value - difference) ** 2, 0)
  const error = Math.sqrt(squares / (users - 1) / users)
  // Equal differences everywhere leave no doubt, unless they are all zero.
  const t = difference === 0 ? 0 : difference / error
  return { users, difference, t, p: twoSidedP(t, users - 1), interval: bootstrap(differences, seed, resamples) }
}

function isPairOf (reference: Evaluation): (other: Evaluation) => boolean {
  return ({ split, mode, users }) => split === reference.split && mode === reference.mode &&
    users.length === reference.users.length && users.every((user, row) => user === reference.users[row])
}

/** The percentile interval of a mean over users: 95 % of the resampled means lie in it. */
export function bootstrap (values: Float64Array, seed: number, resamples = 2000): [number, number] {
  const random = createRandom(seed, 'bootstrap')
  const users = values.length
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0
    for (let i = 0; i < users; i++) sum += values[random.integer(users)]!
    return sum / users
  }).sort()
  return [means[Math.floor(resamples * 0.025)]!, means[Math.ceil(resamples * 0.975) - 1]!]
}
