import type { Dataset } from '../../data/dataset.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { itemKnn } from './item-knn.ts'
import { popularity } from './popularity.ts'
import { transitions } from './transitions.ts'
import { vsKnn } from './vs-knn.ts'

/** The counting baselines by the name of their scorer. They need no training beyond a pass over the events. */
export const COUNTING_BASELINES = {
  popularity,
  transitions,
  'item-knn': itemKnn,
  'vs-knn': vsKnn,
} as const satisfies Record<string, (dataset: Dataset) => Scorer>

export type CountingBaseline = keyof typeof COUNTING_BASELINES

export function isCountingBaseline (name: string): name is CountingBaseline {
  return Object.hasOwn(COUNTING_BASELINES, name)
}
