import type { EncoderFacts, Manifest } from '../../bundle/manifest.ts'
import type { Dataset } from '../../data/dataset.ts'
import { openUserEncoder } from '../../encode/user-encoder.ts'
import { IsthmusError } from '../../errors.ts'
import type { Model } from '../../train/model.ts'
import { historyOfLength, spreadUsers } from './real-histories.ts'
import { inBatches, windowMaker } from './windows.ts'

export type Parity = NonNullable<Manifest['parity']>

const HISTORIES = 100
const LENGTHS = [1, 7, 50, 200]
const BATCHES = [1, 8]
const TRAINING_BATCH = 50
/** Of two float32 programs that add in different orders. */
const TOLERANCE = 1e-5

/**
 * Compares user vectors of the trained model with those of the graphs, on real histories of each length, every domain
 * and both batch sizes. Throws `artefact_invalid` where they differ by more than 1e-5 * max(1, max|u|).
 * @param graphs one encoder for each domain
 */
export async function checkParity (
  model: Model, dataset: Dataset, graphs: readonly Uint8Array[], facts: EncoderFacts
): Promise<Parity> {
  const { domains } = dataset
  const windowOf = windowMaker(model, domains, facts.windowLength)
  const users = spreadUsers(dataset, HISTORIES)
  let largest = 0
  for (const [domain, { name }] of domains.entries()) {
    const encoder = await openUserEncoder(graphs[domain]!, facts, { provider: 'cpu' })
    try {
      for (const length of LENGTHS) {
        const histories = users.map((user) => historyOfLength(dataset, user, length))
        const trained = inBatches(histories, TRAINING_BATCH).map((batch) => model.userVectors(batch, domain))
        const windows = histories.map((history) => windowOf(history, domain))
        for (const size of BATCHES) {
          const served: Float32Array[] = []
          for (const batch of inBatches(windows, size)) served.push(await encoder.encode(batch))
          largest = Math.max(largest, distance(trained, served))
        }
      }
    } finally {
      await encoder.close()
    }
    if (!(largest <= TOLERANCE)) {
      throw new IsthmusError('artefact_invalid',
        `the exported encoder of ${name} differs from the trained model by ${largest.toExponential(1)}`)
    }
  }
  return { histories: users.length, lengths: [...LENGTHS], batches: [...BATCHES], largest }
}

function distance (a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const [left, right] = [flat(a), flat(b)]
  let largest = 1
  let difference = 0
  for (const [i, value] of left.entries()) {
    largest = Math.max(largest, Math.abs(value))
    difference = Math.max(difference, Math.abs(value - right[i]!))
  }
  return difference / largest
}

function flat (parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
