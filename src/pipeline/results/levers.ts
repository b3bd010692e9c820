import type { TrainSettings } from '../train-settings.ts'

/** What LLM4CDSR loses without one of its parts, all else left as chosen for it. */
export interface Lever {
  readonly name: string
  /** What is there instead, for people. */
  readonly instead: string
  readonly without: (ours: TrainSettings) => TrainSettings
}

/** One for each part that may carry the result. */
export const LEVERS: readonly Lever[] = [
  {
    name: 'loss',
    instead: 'BPR with one negative in place of softmax over shared ones',
    without: overriding({ recLoss: 'bpr', negatives: 'perStep' }),
  },
  {
    name: 'itemNorm',
    instead: 'vectors of any length in place of unit norm',
    without: overriding({ itemNorm: 'none' }),
  },
  {
    name: 'temperature',
    instead: 'the learned factor of the logits begins at 1',
    without: overriding({ temperature: 1 }),
  },
  {
    name: 'ids',
    instead: 'text alone: no table over ids in the global half, local tables stay as PCA left them',
    without: overriding({ globalItems: 'text', trainLocal: false }),
  },
  {
    name: 'text',
    instead: 'ids alone: no text in the global half, local tables begin at random',
    without: overriding({ globalItems: 'ids', localInit: 'random' }),
  },
  {
    name: 'threads',
    instead: 'the mixed thread alone, over ids and text',
    without: ({ overrides: { alpha: _alpha, ...shared } }) => ({
      system: 'sasrec-text', preset: 'product', overrides: { ...shared, globalItems: 'textAndIds' },
    }),
  },
  {
    name: 'alignment',
    instead: 'no alignment of a user\'s items over the domains',
    without: overriding({ alpha: 0 }),
  },
]

function overriding (change: Readonly<Record<string, unknown>>): Lever['without'] {
  return (ours) => ({ ...ours, overrides: { ...ours.overrides, ...change } })
}
