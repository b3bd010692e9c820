import { IsthmusError } from '../../errors.ts'
import { readJson } from '../../files/read.ts'

/** What a search has tried and chosen, as `tune` leaves it and `results` reads it. */
export interface Tuning {
  readonly format: 1
  /** The name of the data, and the digest of its embeddings, which covers events, items and split. */
  readonly data: string
  readonly embeddings: string
  /** Of the draws of configurations, and of every training. */
  readonly seed: number
  readonly backend: string
  /** By contestant. */
  readonly contestants: Readonly<Record<string, Tuned>>
}

export interface Tuned {
  /** The number of the configuration with the best validation among those trained to their end. */
  readonly chosen?: number
  readonly configurations: readonly Configuration[]
}

export interface Configuration {
  readonly number: number
  /** What differs from the contestant's preset. */
  readonly settings: Readonly<Record<string, string | number | boolean>>
  /** After the few epochs of the first round. */
  readonly first?: Outcome
  /** Trained until validation stops rising; the best of the first round get that far. */
  readonly full?: Outcome
  /** The code of what it failed with. */
  readonly failed?: string
}

export interface Outcome {
  readonly epochs: number
  readonly bestEpoch: number
  /** Of the best epoch, full ranking over all users. */
  readonly validationNdcg10: number
}

/**
 * A file that `tune` left. Throws what `readJson` throws, `format_unsupported`, and `config_invalid` where it was made
 * on other embeddings than those of `digest`.
 */
export async function readTuning (file: string, digest: string): Promise<Tuning> {
  // Written by `tune`; a file of another form has another `format`.
  const tuning = await readJson(file) as Tuning
  if (tuning.format !== 1) {
    throw new IsthmusError('format_unsupported', `${file} has format ${String(tuning.format)}; 1 is known`, {
      place: { file, field: 'format' },
    })
  }
  if (tuning.embeddings !== digest) {
    throw new IsthmusError('config_invalid', `${file} was tuned on other data, or prepared or embedded otherwise`, {
      place: { file, field: 'embeddings' },
    })
  }
  return tuning
}

/** The settings chosen for a contestant; none where it was not tuned, or nothing is chosen yet. */
export function chosenSettings (tuning: Tuning | undefined, name: string): Configuration['settings'] {
  const tuned = tuning?.contestants[name]
  return tuned?.configurations.find(({ number }) => number === tuned.chosen)?.settings ?? {}
}
