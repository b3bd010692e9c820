/** How unevenly a user's events lie on two sides. */
export interface DomainRatio {
  /** |nA - nB| / (nA + nB), from 0 to 1; 0 without events. */
  readonly ratio: number
  /** The fifth of [0, 1] that the ratio lies in, 0 to 4; 1 lies in the last. */
  readonly option: number
  /** The side with more events; absent where there are as many on either. */
  readonly dominant?: 'a' | 'b'
}

/** The domain ratio of LLM-EDT (section 1), and which of its five options that is (3.4.2; the bins are ours). */
export function domainRatio (a: number, b: number): DomainRatio {
  const all = a + b
  if (all === 0) return { ratio: 0, option: 0 }
  const more = Math.abs(a - b)
  // In whole numbers, so that 3 against 2 is in the second fifth and not below it.
  const option = Math.min(4, Math.floor(5 * more / all))
  return { ratio: more / all, option, ...(more > 0 && { dominant: a > b ? 'a' : 'b' }) }
}
