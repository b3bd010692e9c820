import type { Dataset } from '../../data/dataset.ts'
import { IsthmusError } from '../../errors.ts'
import type { Scorer } from '../../evaluate/scorer.ts'
import { ITEM_KNN, itemKnn } from './item-knn.ts'
import { popularity } from './popularity.ts'
import { TRANSITIONS, transitions } from './transitions.ts'
import { VS_KNN, vsKnn } from './vs-knn.ts'

/** The counting baselines by the name of their scorer. They need no training beyond a pass over the events. */
export const COUNTING_BASELINES = {
  popularity,
  transitions,
  'item-knn': itemKnn,
  'vs-knn': vsKnn,
} as const satisfies Record<string, (dataset: Dataset) => Scorer>

export type CountingBaseline = keyof typeof COUNTING_BASELINES

/** What each of them was set to: part of every result that they stand in. */
export const BASELINE_SETTINGS: Readonly<Record<CountingBaseline, Readonly<Record<string, number>>>> = {
  popularity: {},
  transitions: TRANSITIONS,
  'item-knn': ITEM_KNN,
  'vs-knn': VS_KNN,
}

/** The baseline of that name. Throws `config_invalid` where there is none. */
export function countingBaseline (name: string): CountingBaseline {
  const names = Object.keys(COUNTING_BASELINES) as CountingBaseline[]
  const found = names.find((known) => known === name)
  if (found !== undefined) return found
  throw new IsthmusError('config_invalid', `baseline is one of ${names.join(', ')}`, { place: { field: 'baseline' } })
}
