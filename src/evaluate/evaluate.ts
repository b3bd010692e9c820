import { CANDIDATES_PER_USER, domainOf, evaluationInput, target } from '../data/dataset.ts'
import type { Dataset, Split } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { mismatchedNegatives } from './official.ts'
import type { Scorer } from './scorer.ts'

/**
 * `full`: against every item of the target's domain that is not in the input; the headline.
 * `sampled-100`: against the dataset's 100 candidates of that user, for comparison with papers.
 * `official`: the published programs' fault, reproduced: a negative's two halves come from two different items.
 */
export const EVALUATION_MODES = ['full', 'sampled-100', 'official'] as const
export type EvaluationMode = typeof EVALUATION_MODES[number]

/** The rank of a target that its scorer knows nothing about: worse than any place in any catalogue. */
export const MISS = 0x7fffffff

export interface EvaluateOptions {
  readonly split: Split
  readonly mode: EvaluationMode
  /** The users to evaluate, by their index in the dataset; all, in order, by default. */
  readonly users?: readonly number[]
}

/** One row per user evaluated. */
export interface Evaluation {
  readonly split: Split
  readonly mode: EvaluationMode
  readonly users: Int32Array
  /** Candidates that score at least as much as the target: 0 is the first place; `MISS` has none. */
  readonly ranks: Int32Array
  /** The index of each target's domain. */
  readonly domains: Int32Array
}

/** Scores held at a time: 16 MB, whatever the catalogue. */
const SCORES_AT_ONCE = 4_000_000
const USERS_AT_ONCE = 256

/**
 * Ranks every user's target in its own domain; ties count against us.
 * @throws scores_not_finite when a score is NaN or infinite, and config_invalid when `official` is asked of a scorer
 * without halves.
 */
export function evaluate (dataset: Dataset, scorer: Scorer, options: EvaluateOptions): Evaluation {
  const { split, mode } = options
  const users = Int32Array.from(options.users ?? dataset.users.keys())
  const domains = users.map((user) => domainOf(dataset.domains, target(dataset, user, split)))
  const ranks = new Int32Array(users.length)

  for (const [k, { size }] of dataset.domains.entries()) {
    // Inputs of like length together: who encodes a batch pads it to its longest.
    const length = (row: number): number => evaluationInput(dataset, users[row]!, split).length
    const rows = [...users.keys()].filter((row) => domains[row] === k).sort((a, b) => length(a) - length(b))
    const step = Math.max(1, Math.min(USERS_AT_ONCE, Math.floor(SCORES_AT_ONCE / size)))
    for (let from = 0; from < rows.length; from += step) {
      const batch = rows.slice(from, from + step)
      const ranked = RANKERS[mode](dataset, scorer, batch.map((row) => users[row]!), split, k)
      for (const [i, row] of batch.entries()) ranks[row] = ranked[i]!
    }
  }
  return { split, mode, users, ranks, domains }
}

type Ranker = (dataset: Dataset, scorer: Scorer, users: readonly number[], split: Split, domain: number) => number[]

const RANKERS: Record<EvaluationMode, Ranker> = { full: rankFull, 'sampled-100': rankSampled, official: rankOfficial }

function rankFull (dataset: Dataset, scorer: Scorer, users: readonly number[], split: Split, k: number): number[] {
  const { offset, size } = dataset.domains[k]!
  const scores = complete(scorer, scorer.score(users, split, k), users.length * size)
  return users.map((user, u) => {
    const row = scores.subarray(u * size, (u + 1) * size)
    const column = target(dataset, user, split) - offset - 1
    const wanted = row[column]!
    let rank = countAtLeast(scorer, row, wanted) - 1 // The target counts itself.
    if (isAbsent(scorer, wanted)) return MISS
    // The input is out of the race; the target stays in it even where the user takes it again.
    for (const id of new Set(evaluationInput(dataset, user, split))) {
      const seen = id - offset - 1
      if (seen >= 0 && seen < size && seen !== column && row[seen]! >= wanted) rank--
    }
    return rank
  })
}

function rankSampled (dataset: Dataset, scorer: Scorer, users: readonly number[], split: Split, k: number): number[] {
  const { offset, size } = dataset.domains[k]!
  const scores = finite(scorer, scorer.score(users, split, k), users.length * size)
  return users.map((user, u) => {
    const scoreOf = (globalId: number): number => scores[u * size + globalId - offset - 1]!
    const wanted = scoreOf(target(dataset, user, split))
    if (isAbsent(scorer, wanted)) return MISS
    return candidatesOf(dataset, user, split).filter((id) => scoreOf(id) >= wanted).length
  })
}

function rankOfficial (dataset: Dataset, scorer: Scorer, users: readonly number[], split: Split, k: number): number[] {
  if (scorer.halves === undefined) {
    throw new IsthmusError('config_invalid', `${scorer.name} has no two halves to evaluate as "official"`)
  }
  const { offset, size } = dataset.domains[k]!
  const halves = scorer.halves(users, split, k)
  const global = finite(scorer, halves.global, users.length * size)
  const local = finite(scorer, halves.local, users.length * size)
  return users.map((user, u) => {
    const score = (globalItem: number, localItem: number): number =>
      global[u * size + globalItem - offset - 1]! + local[u * size + localItem - offset - 1]!
    const wanted = target(dataset, user, split)
    const candidates = candidatesOf(dataset, user, split)
    const others = mismatchedNegatives(dataset, user, split, k, candidates.length)
    return candidates.filter((id, i) => score(id, others[i]!) >= score(wanted, wanted)).length
  })
}

/** The candidates of one user in the book; fewer than 100 where the domain has no more. */
function candidatesOf (dataset: Dataset, user: number, split: Split): number[] {
  const book = dataset.candidates[split]
  return [...book.subarray(user * CANDIDATES_PER_USER, (user + 1) * CANDIDATES_PER_USER)].filter((id) => id > 0)
}

function isAbsent (scorer: Scorer, score: number): boolean {
  return scorer.zeroIsAbsent === true && score <= 0
}

/**
 * How many of `scores` are at least `wanted`; fails where one is not finite. One pass of plain arithmetic: a branch on
 * what no processor can guess would take five times as long.
 */
function countAtLeast (scorer: Scorer, scores: Float32Array, wanted: number): number {
  let count = 0
  let sum = 0
  for (let j = 0; j < scores.length; j++) {
    const score = scores[j]!
    count += Number(score >= wanted)
    sum += score
  }
  refuseUnlessFinite(scorer, sum)
  return count
}

function finite (scorer: Scorer, scores: Float32Array, length: number): Float32Array {
  const all = complete(scorer, scores, length)
  let sum = 0
  for (let i = 0; i < length; i++) sum += all[i]!
  refuseUnlessFinite(scorer, sum)
  return scores
}

function complete (scorer: Scorer, scores: Float32Array, length: number): Float32Array {
  if (scores.length >= length) return scores
  throw new IsthmusError('internal', `${scorer.name} gave ${scores.length} scores where ${length} were asked`)
}

/** `sum` of float32 scores in double precision, which only a score that is not finite can take out of the finite. */
function refuseUnlessFinite (scorer: Scorer, sum: number): void {
  if (Number.isFinite(sum)) return
  throw new IsthmusError('scores_not_finite', `${scorer.name} gave a score that is not a finite number`)
}
