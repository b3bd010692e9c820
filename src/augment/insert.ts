import type { Random } from '../random.ts'

/** Where accepted items go: right after their anchor, after the whole training prefix, or anywhere in it. */
export const INSERTIONS = ['anchor', 'tail', 'random'] as const
export type Insertion = typeof INSERTIONS[number]

/** An item that goes into a user's training prefix. */
export interface Accepted {
  /** Global id. */
  readonly id: number
  /** The place in the raw prefix after which it goes. */
  readonly anchor: number
  /** Of several at one place, the higher stands nearer to it. */
  readonly score: number
}

export interface Inserted {
  readonly events: readonly number[]
  /** Beside `events`: 1 where one was inserted. */
  readonly synthetic: readonly number[]
}

/** The training prefix with the accepted items of all directions in it (LLM-EDT, 3.2.3), none before its first. */
export function insert (prefix: ArrayLike<number>, accepted: readonly Accepted[]): Inserted {
  const order = accepted.map((one, i) => ({ ...one, i })).sort((a, b) => b.score - a.score || a.i - b.i)
  const events: number[] = []
  const synthetic: number[] = []
  for (let at = 0; at < prefix.length; at++) {
    const after = order.filter(({ anchor }) => anchor === at)
    events.push(prefix[at]!, ...after.map(({ id }) => id))
    synthetic.push(0, ...after.map(() => 1))
  }
  return { events, synthetic }
}

/** Other places than after the anchor, for the ablations `w/o Inserting` and `Random Inserting` (Table 8). */
export function moved (accepted: readonly Accepted[], length: number, how: Insertion, random: Random): Accepted[] {
  if (how === 'anchor') return [...accepted]
  return accepted.map((one) => ({ ...one, anchor: how === 'tail' ? length - 1 : random.integer(length) }))
}
