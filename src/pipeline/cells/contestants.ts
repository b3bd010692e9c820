import type { TrainSettings } from '../train-settings.ts'

/** A trained system as a row of tables: what makes it this row whatever else is tuned. */
export interface Contestant {
  /** Of the row, and of its section in the file that `tune` leaves. */
  readonly name: string
  readonly train: TrainSettings
}

/** The system that all others are compared with. */
export const OURS = 'llm4cdsr'

/** Every trained system that a reader expects, in the order of the tables. */
export const CONTESTANTS: readonly Contestant[] = [
  contestant('gru4rec', 'gru4rec'),
  contestant('bert4rec', 'bert4rec'),
  contestant('sasrec-ids', 'sasrec-ids'),
  contestant('sasrec-text', 'sasrec-text'),
  contestant('sasrec-ids-text', 'sasrec-text', { globalItems: 'textAndIds' }),
  { name: 'llm4cdsr-paper', train: { system: 'llm4cdsr', preset: 'paper', overrides: {} } },
  contestant(OURS, 'llm4cdsr'),
]

/** Trained on inputs of its own, it stands in its own study and in no table of `results`; `tune` knows it. */
export const EDT = contestant('llm-edt', 'llm-edt')

/** The contestant with further settings, which win. */
export function withSettings (
  { train }: Contestant, overrides: Readonly<Record<string, unknown>>
): TrainSettings {
  return { ...train, overrides: { ...train.overrides, ...overrides } }
}

/** Settings by which no phase of its training has more epochs than `most`. */
export function epochsOf ({ train: { system } }: Contestant, most: number): Readonly<Record<string, number>> {
  return { epochs: most, ...(system === EDT.train.system && { dftEpochs: most }) }
}

function contestant (name: string, system: string, overrides = {}): Contestant {
  return { name, train: { system, preset: 'product', overrides } }
}
