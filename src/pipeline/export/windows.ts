import { type Domain, domainOf } from '../../data/dataset.ts'
import { latestIds } from '../../data/window.ts'
import type { WindowItem } from '../../encode/user-encoder.ts'
import type { Model } from '../../train/model.ts'

/** Makes of a history of global ids what the encoder of one domain (by its index) reads. */
export function windowMaker (
  model: Model, domains: readonly Domain[], windowLength: number
): (history: Int32Array, domain: number) => WindowItem[] {
  const vectors = model.itemVectors()
  return (history, domain) => Array.from(latestIds(history, windowLength), (id) => ({
    vector: vectors.subarray((id - 1) * model.vectorWidth, id * model.vectorWidth),
    own: domainOf(domains, id) === domain,
  }))
}

/** The values in groups of at most `size`. */
export function inBatches<T> (values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size))
}
