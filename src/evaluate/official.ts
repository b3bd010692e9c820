import type { Dataset, Split } from '../data/dataset.ts'
import { createRandom } from '../random.ts'

/**
 * Items whose local half the published evaluation adds to another item's global half: drawn uniformly from the
 * target's domain, apart from the candidates, outside the user's whole history (LLM4CDSR-pytorch,
 * generators/data.py:167-181). Seeded by (book, split, user), so that every system meets the same.
 */
export function mismatchedNegatives (
  dataset: Dataset, user: number, split: Split, domain: number, count: number
): number[] {
  const { offset, size } = dataset.domains[domain]!
  const history = new Set(dataset.events.subarray(dataset.offsets[user]!, dataset.offsets[user + 1]!))
  const random = createRandom(dataset.candidates.seed, `official/${split}/${user}`)
  const drawn: number[] = []
  // Ends: a user who has candidates at all leaves at least one item of the domain free.
  while (drawn.length < count) {
    const id = offset + 1 + random.integer(size)
    if (!history.has(id)) drawn.push(id)
  }
  return drawn
}
