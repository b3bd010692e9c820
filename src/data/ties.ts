import { hash32 } from '../random.ts'

/** How events of one user with equal times are ordered. */
export type Ties = 'shuffle' | 'input'

/**
 * Orders a user's events of equal time by a seeded hash of user and item, in place. Where times are days, the order
 * inside a day is no information, and the order of a file may leak the answer (sorted by item id, say).
 * `ids` are in time order; `nameOf` gives an item's own id, so that the order does not depend on our numbers.
 */
export function shuffleTies (
  ids: Int32Array, times: Float64Array, user: string, nameOf: (id: number) => string, seed: number
): void {
  for (let from = 0, to = 0; from < ids.length; from = to) {
    for (to = from + 1; to < ids.length && times[to] === times[from];) to++
    if (to - from < 2) continue
    const keyed = Array.from(ids.subarray(from, to), (id) => ({ id, key: hash32(`${seed}/${user}/${nameOf(id)}`) }))
    // Two items with one key: their own ids decide, not the order in the file.
    keyed.sort((a, b) => a.key - b.key || (nameOf(a.id) < nameOf(b.id) ? -1 : Number(a.id !== b.id)))
    ids.set(keyed.map(({ id }) => id), from)
  }
}
