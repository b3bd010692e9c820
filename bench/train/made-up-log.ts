import type { Dataset } from '../../src/data/dataset.ts'
import { createRandom } from '../../src/random.ts'
import type { ItemTexts } from '../../src/systems/initial-weights.ts'

const DOMAINS = ['first', 'second']
const TEXT_WIDTH = 384

/**
 * A log where every user fills a whole window, and texts at random: nothing to learn from, but each step costs what a
 * full one costs. Two domains of equal size; `length` + 3 events a user (a target more than inputs, and two held out).
 */
export function madeUpLog (
  { users, items, length }: { users: number, items: number, length: number }
): { dataset: Dataset, texts: ItemTexts } {
  const random = createRandom(1, 'bench/train')
  const size = items / DOMAINS.length
  const each = length + 3
  const names = Array.from({ length: items }, (_, i) => `item-${i}`)
  const dataset: Dataset = {
    digest: '',
    domains: DOMAINS.map((name, k) => ({ name, size, offset: k * size })),
    items: names.map((itemId, i) => ({ itemId, domain: DOMAINS[Math.floor(i / size)]! })),
    users: Array.from({ length: users }, (_, u) => `user-${u}`),
    offsets: Uint32Array.from({ length: users + 1 }, (_, u) => u * each),
    events: Int32Array.from({ length: users * each }, () => 1 + random.integer(items)),
    times: Float64Array.from({ length: users * each }, (_, i) => i),
    candidates: { seed: 0, digest: '', valid: new Int32Array(0), test: new Int32Array(0) },
  }
  const rows = Float32Array.from({ length: items * TEXT_WIDTH }, () => random.normal() / Math.sqrt(TEXT_WIDTH))
  return { dataset, texts: { width: TEXT_WIDTH, rows } }
}
