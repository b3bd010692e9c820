import type { Dataset } from '../../src/data/dataset.ts'
import { createRandom } from '../../src/random.ts'
import type { Random } from '../../src/random.ts'
import type { ItemTexts, UserProfiles } from '../../src/systems/initial-weights.ts'

const DOMAINS = ['first', 'second']
const TEXT_WIDTH = 384

export interface Log { readonly dataset: Dataset, readonly texts: ItemTexts }

/** What a log is to be like: `longest` inputs a user, and three events more (the last target, and two held out). */
export interface MadeUpLog {
  readonly users: number
  readonly items: number
  readonly longest: number
  /** Every second user has between 2 and `longest` inputs instead, drawn evenly. */
  readonly mixedLengths?: boolean
}

/** A log of two domains of equal size, and texts at random: nothing to learn from, but steps cost what real ones do. */
export function madeUpLog ({ users, items, longest, mixedLengths = false }: MadeUpLog): Log {
  const random = createRandom(1, 'bench/train')
  const size = items / DOMAINS.length
  const names = Array.from({ length: items }, (_, i) => `item-${i}`)
  const offsets = new Uint32Array(users + 1)
  for (let u = 0; u < users; u++) {
    const inputs = mixedLengths && u % 2 === 0 ? 2 + random.integer(longest - 1) : longest
    offsets[u + 1] = offsets[u]! + inputs + 3
  }
  const events = offsets[users]!
  const dataset: Dataset = {
    digest: '',
    domains: DOMAINS.map((name, k) => ({ name, size, offset: k * size })),
    items: names.map((itemId, i) => ({ itemId, domain: DOMAINS[Math.floor(i / size)]! })),
    users: Array.from({ length: users }, (_, u) => `user-${u}`),
    offsets,
    events: Int32Array.from({ length: events }, () => 1 + random.integer(items)),
    times: Float64Array.from({ length: events }, (_, i) => i),
    candidates: { seed: 0, digest: '', valid: new Int32Array(0), test: new Int32Array(0) },
  }
  return { dataset, texts: { width: TEXT_WIDTH, rows: textRows(items, random) } }
}

/** A profile at random for each user of a made-up log. */
export function madeUpProfiles ({ users }: Dataset): UserProfiles {
  return {
    width: TEXT_WIDTH,
    rows: textRows(users.length, createRandom(1, 'bench/train/profiles')),
    known: new Uint8Array(users.length).fill(1),
  }
}

/** Vectors of about unit length. */
function textRows (count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count * TEXT_WIDTH }, () => random.normal() / Math.sqrt(TEXT_WIDTH))
}
