import { trainInput } from '../data/augmentation.ts'
import type { Dataset } from '../data/dataset.ts'
import { createRandom } from '../random.ts'

/** Users with something to learn from: an input and a target among the training events. */
export function trainableUsers (dataset: Dataset): Int32Array {
  return Int32Array.from(dataset.users.keys()).filter((user) => trainInput(dataset, user).length >= 2)
}

/**
 * The batches of one epoch, in the order they are taken: users of like length together, so that a batch can be trimmed
 * to its longest, drawn anew among equals; then the batches are shuffled. Follows from (seed, epoch) alone.
 */
export function planEpoch (
  dataset: Dataset, users: Int32Array, { seed, epoch, batchSize, length }: {
    seed: number, epoch: number, batchSize: number, length: number,
  }
): Int32Array[] {
  const random = createRandom(seed, `order/${epoch}`)
  const kept = (user: number): number => Math.min(trainInput(dataset, user).length, length + 1)
  const lengths = new Map(Array.from(users, (user) => [user, kept(user)]))
  const sorted = random.shuffle(users.slice()).sort((a, b) => lengths.get(a)! - lengths.get(b)!)
  const count = Math.ceil(sorted.length / batchSize)
  const order = random.shuffle(Int32Array.from({ length: count }, (_, batch) => batch))
  return Array.from(order, (batch) => sorted.slice(batch * batchSize, (batch + 1) * batchSize))
}
