import { createRandom } from '../../random.ts'
import { CONTESTANTS, EDT, OURS } from '../cells/contestants.ts'
import type { Contestant } from '../cells/contestants.ts'

type Value = string | number | boolean
/** The values that each setting may take, by its name in `src/systems/settings.ts`. */
export type Space = Readonly<Record<string, readonly Value[]>>

/** Nothing in it makes an epoch longer than the preset's: a search is to try much in little time. */
const COMMON: Space = {
  learningRate: [0.0003, 0.0005, 0.001, 0.002],
  dropout: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  layers: [1, 2],
  batchSize: [128, 256],
  sharedNegatives: [1024, 2048],
  temperature: [5, 10, 20],
}
const ATTENTION: Space = { heads: [1, 2, 4] }

/** What a contestant has to choose beside `COMMON`; the published preset is what its paper prints. */
const OWN: Readonly<Record<string, Space>> = {
  gru4rec: {},
  bert4rec: { ...ATTENTION, hiddenShare: [0.1, 0.2, 0.4] },
  'sasrec-ids': ATTENTION,
  'sasrec-text': ATTENTION,
  'sasrec-ids-text': ATTENTION,
  [OURS]: { ...ATTENTION, globalItems: ['text', 'textAndIds'], alpha: [0, 0.03, 0.1, 0.3] },
  [EDT.name]: {
    ...ATTENTION,
    adapterSize: [32, 64, 128],
    adapterForm: ['linear', 'residualRelu'],
    dftLearningRate: [1e-5, 1e-4, 1e-3],
    dftDropout: [0, 0.3],
    globalItems: ['text', 'textAndIds'],
  },
}

/** Where configurations of this contestant are drawn from; undefined where there is nothing to choose. */
export function spaceOf ({ name }: Contestant): Space | undefined {
  const own = OWN[name]
  return own && { ...COMMON, ...own }
}

/** Every contestant that there is something to choose for. */
export const TUNABLE: readonly Contestant[] = [...CONTESTANTS, EDT].filter((one) => spaceOf(one) !== undefined)

/**
 * A configuration by its number: 0 is the contestant as its preset has it, and from 1 on every setting is drawn
 * uniformly. Follows from seed, contestant and number alone, so that a search can be taken up and widened.
 */
export function drawConfiguration (
  contestant: Contestant, number: number, seed: number
): Readonly<Record<string, Value>> {
  const space = spaceOf(contestant)
  if (number === 0 || space === undefined) return {}
  const random = createRandom(seed, `tune/${contestant.name}/${number}`)
  return Object.fromEntries(Object.entries(space).map(([name, values]) =>
    [name, values[random.integer(values.length)]!]))
}
