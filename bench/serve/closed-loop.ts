import type { Sample } from '../statistics.ts'

/** A caller's turn: true for a good answer. */
export type Turn = () => Promise<boolean>

/**
 * `turns.length` callers at once, each asking again as soon as it has its answer, for `seconds` after `warmSeconds`
 * that do not count. A turn that is under way at the end is finished, and not counted.
 */
export async function closedLoop (turns: readonly Turn[], seconds: number, warmSeconds: number): Promise<Sample> {
  const from = performance.now() + warmSeconds * 1000
  const to = from + seconds * 1000
  const latencies: number[] = []
  let bad = 0
  await Promise.all(turns.map(async (turn) => {
    for (let start = performance.now(); start < to; start = performance.now()) {
      const isGood = await turn()
      const end = performance.now()
      if (end < from || end > to) continue
      if (isGood) latencies.push(end - start)
      else bad++
    }
  }))
  return { seconds, latencies, bad }
}
