const EVERY_MS = 1000
/** What lasts until somebody comes needs no line a second. */
const RARELY: ReadonlyMap<string, number> = new Map([['store_full', 60_000]])

/**
 * Decides which refusals get a line in the log: one a second of each code, one a minute of a full store. Thousands of
 * refusals must not cost more than what they refuse. Gives how many went without since the last line, or undefined
 * where this one goes without.
 * @param now monotonic milliseconds
 */
export function createLogPace (now: () => number = () => performance.now()): (code: string) => number | undefined {
  const next = new Map<string, { at: number, silent: number }>()
  return (code) => {
    const time = now()
    const known = next.get(code)
    if (known !== undefined && time < known.at) {
      known.silent++
      return undefined
    }
    next.set(code, { at: time + (RARELY.get(code) ?? EVERY_MS), silent: 0 })
    return known?.silent ?? 0
  }
}
