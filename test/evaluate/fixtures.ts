import { CANDIDATES_PER_USER } from '../../src/data/dataset.ts'
import type { Dataset, Domain, Split } from '../../src/data/dataset.ts'
import type { Scorer } from '../../src/evaluate/scorer.ts'
import { createRandom } from '../../src/random.ts'

/** A dataset of bare sequences of global ids; candidates, if wanted, are drawn outside each user's whole history. */
export function datasetOf (
  sizes: readonly number[], sequences: readonly (readonly number[])[], { candidates = true } = {}
): Dataset {
  const domains: Domain[] = []
  for (const [k, size] of sizes.entries()) {
    const previous = domains.at(-1)
    domains.push({ name: 'abc'[k]!, size, offset: previous === undefined ? 0 : previous.offset + previous.size })
  }
  const offsets = new Uint32Array(sequences.length + 1)
  for (const [u, sequence] of sequences.entries()) offsets[u + 1] = offsets[u]! + sequence.length
  const events = Int32Array.from(sequences.flat())
  return {
    digest: 'test',
    domains,
    items: domains.flatMap(({ name, size }) =>
      Array.from({ length: size }, (_, i) => ({ itemId: `${name}${i + 1}`, domain: name }))),
    users: sequences.map((_, u) => `u${u}`),
    offsets,
    events,
    times: Float64Array.from(events, (_, i) => i * 1000),
    candidates: {
      seed: 1,
      digest: 'test',
      valid: candidates ? drawCandidates(domains, sequences, 2) : new Int32Array(0),
      test: candidates ? drawCandidates(domains, sequences, 1) : new Int32Array(0),
    },
  }
}

/** A scorer by a function of (user, global id). */
export function scorerOf (
  dataset: Dataset, score: (user: number, globalId: number, split: Split) => number, extra: Partial<Scorer> = {}
): Scorer {
  return { name: 'test scorer', score: blockOf(dataset, score), ...extra }
}

/** The score block of the `Scorer` contract, filled item by item. */
export function blockOf (
  dataset: Dataset, score: (user: number, globalId: number, split: Split) => number
): Scorer['score'] {
  return (users, split, k) => {
    const { offset, size } = dataset.domains[k]!
    return Float32Array.from({ length: users.length * size }, (_, i) =>
      score(users[Math.floor(i / size)]!, offset + 1 + i % size, split))
  }
}

/** Sequences of different lengths over all domains, without order in them. */
export function randomSequences (users: number, items: number, seed = 5): number[][] {
  const random = createRandom(seed, 'sequences')
  return Array.from({ length: users }, () =>
    Array.from({ length: 3 + random.integer(12) }, () => 1 + random.integer(items)))
}

function drawCandidates (
  domains: readonly Domain[], sequences: readonly (readonly number[])[], fromEnd: number
): Int32Array {
  const book = new Int32Array(sequences.length * CANDIDATES_PER_USER)
  const random = createRandom(1, `candidates/${fromEnd}`)
  for (const [u, sequence] of sequences.entries()) {
    const wanted = sequence.at(-fromEnd)!
    const { offset, size } = domains.find((domain) => wanted <= domain.offset + domain.size)!
    const free = Int32Array.from({ length: size }, (_, i) => offset + 1 + i).filter((id) => !sequence.includes(id))
    book.set(random.shuffle(free).subarray(0, CANDIDATES_PER_USER), u * CANDIDATES_PER_USER)
  }
  return book
}
