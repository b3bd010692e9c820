import type { AdamState } from '../nn/adam.ts'
import type { Weight, Weights } from '../nn/ops.ts'
import type { CurveRow } from './curve.ts'

/** Where a run stands between two steps: with the same data and settings, all that the rest of it depends on. */
export interface TrainingState {
  /** Index of the phase; epochs count on over phases. */
  readonly phase: number
  /** The epoch that this phase began with. */
  readonly firstEpoch: number
  /** The epoch under way, from 1. */
  readonly epoch: number
  /** Steps of this epoch that are done, and the sums of each loss over them. */
  readonly step: number
  readonly sums: Readonly<Record<string, number>>
  readonly weights: ReadonlyMap<string, Weight>
  readonly adam: AdamState
  readonly best?: BestEpoch
  /** What a validation before a phase's first step said; its epoch is the last of the phase before, or 0. */
  readonly start?: PhaseStart
  readonly curve: readonly CurveRow[]
  /** Seconds that each finished epoch took, validation included. */
  readonly seconds: readonly number[]
}

/** What a phase begins with. */
export interface PhaseStart {
  readonly epoch: number
  readonly metrics: Readonly<Record<string, number>>
  /** The best epoch of the phases before, and its validation NDCG@10; the first phase has none. */
  readonly before?: { readonly epoch: number, readonly ndcg10: number }
}

export interface BestEpoch {
  readonly epoch: number
  /** Validation NDCG@10 over all users, full ranking. */
  readonly ndcg10: number
  readonly weights: Weights
}

/** A copy that later steps leave alone. */
export function copyWeights (weights: Weights): Map<string, Weight> {
  return new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}
