import { sha256 } from '../files/hash.ts'
import { createRandom } from '../random.ts'
import { CANDIDATES_PER_USER, domainOf } from './dataset.ts'
import type { CandidateBook, Dataset, Split } from './dataset.ts'
import { drawCandidates } from './negatives.ts'

/**
 * The book of evaluation candidates: for each user and split 100 negatives from the target's domain, none from the
 * user's whole history. Each row has a random stream of its own (seed, split, user id), so it does not depend on which
 * other users there are.
 */
export function buildCandidates (
  dataset: Pick<Dataset, 'domains' | 'users' | 'offsets' | 'events'>, seed: number
): CandidateBook {
  const valid = rows(dataset, 'valid', seed)
  const test = rows(dataset, 'test', seed)
  return { seed, digest: digestOf(seed, valid, test), valid, test }
}

/** sha256 over the seed and both tables: systems with one digest were ranked against the same candidates. */
export function digestOf (seed: number, valid: Int32Array, test: Int32Array): string {
  const bytes = [valid, test].map((ids) => sha256(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength)))
  return sha256([seed, ...bytes].join('/'))
}

function rows (dataset: Pick<Dataset, 'domains' | 'users' | 'offsets' | 'events'>, split: Split, seed: number): Int32Array {
  const { domains, users, offsets, events } = dataset
  const table = new Int32Array(users.length * CANDIDATES_PER_USER)
  for (const [u, user] of users.entries()) {
    const history = events.subarray(offsets[u]!, offsets[u + 1]!)
    const domain = domains[domainOf(domains, history.at(split === 'test' ? -1 : -2)!)]!
    const random = createRandom(seed, `candidates/${split}/${user}`)
    table.set(drawCandidates(random, domain, history, CANDIDATES_PER_USER), u * CANDIDATES_PER_USER)
  }
  return table
}
