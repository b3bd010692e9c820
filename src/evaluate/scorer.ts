import type { Split } from '../data/dataset.ts'

/** Anything that can be ranked: a trained system, a counting baseline, a constant. */
export interface Scorer {
  readonly name: string
  /**
   * Scores of every item of one domain for some users, row-major [users.length, size of the domain]; column j is local
   * id j + 1. The input is `evaluationInput(dataset, user, split)`,
   * for encoders with its synthetic events (`modelInput`). The array may be reused by the next call.
   * Must be finite: NaN or an infinity fails the run with `scores_not_finite`.
   */
  score: (users: readonly number[], split: Split, domain: number) => Float32Array
  /** True for counting baselines: 0 means "no evidence"; such a candidate never counts, such a target is a miss. */
  readonly zeroIsAbsent?: boolean
  /**
   * The two halves that the score adds up, for the published (mismatched) evaluation only: same shape as `score` each.
   */
  halves?: (users: readonly number[], split: Split, domain: number) => { global: Float32Array, local: Float32Array }
}
