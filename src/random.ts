/** A seeded stream of numbers whose position can be saved and restored, so that a run resumed is the run unbroken. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next: () => number
  /** Uniform integer in [0, n), without modulo bias. */
  integer: (n: number) => number
  /** Standard normal (Box-Muller; both numbers of a pair are used in turn). */
  normal: () => number
  /** Shuffles in place (Fisher-Yates) and returns its argument. */
  shuffle: <A extends { length: number, [index: number]: number }>(values: A) => A
  /** The position in the stream, for `resumeRandom`. */
  state: () => RandomState
}

/** Four words, and the second number of a normal pair that is still to be used. */
export interface RandomState {
  readonly words: readonly [number, number, number, number]
  readonly spare: number | null
}

/** A generator for one use of a seed: the same (seed, use) gives the same stream, others give other streams. */
export function createRandom (seed: number, use = ''): Random {
  let hash = hash32(`${seed}/${use}`)
  // splitmix32 spreads one word over the four that xoshiro needs.
  const word = (): number => {
    hash = (hash + 0x9e3779b9) | 0
    let z = hash
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  return resumeRandom({ words: [word(), word(), word(), word()], spare: null })
}

/** Continues a stream from a saved position. Generator: xoshiro128** (Blackman and Vigna, 2018). */
export function resumeRandom (from: RandomState): Random {
  let [a, b, c, d] = from.words
  let spare = from.spare

  const word = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  const next = (): number => word() / 2 ** 32
  const integer = (n: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % n)
    let drawn = word()
    while (drawn >= limit) drawn = word()
    return drawn % n
  }

  return {
    next,
    integer,
    normal () {
      if (spare !== null) {
        const kept = spare
        spare = null
        return kept
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      const angle = 2 * Math.PI * next()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    shuffle (values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const kept = values[i]!
        values[i] = values[j]!
        values[j] = kept
      }
      return values
    },
    state: () => ({ words: [a >>> 0, b >>> 0, c >>> 0, d >>> 0], spare }),
  }
}

/** 32-bit FNV-1a with a final mix: orders ties and derives seeds; not for secrets. */
export function hash32 (text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function rotate (value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
