/**
 * How many positions of an encoder cost what a run costs besides: measured as 28 where it is 128 wide (160 µs beside
 * 5.7 µs for a position, on one core), and a position costs about the square of the width.
 */
export function positionsPerRun (width: number): number {
  return 28 * (128 / width) ** 2
}

/**
 * Splits a batch into runs of like lengths, so that short histories are not padded to the longest of the whole batch:
 * the split, of those into neighbours by length, that costs least where a run costs `perRun` positions and each row as
 * many as the longest of its run has.
 *
 * @param lengths positions of each row
 * @param perRun what a run costs besides, in positions
 * @returns the rows of each run
 */
export function groupByLength (lengths: readonly number[], perRun: number): number[][] {
  const rows = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]!)
  /** What the first n rows cost at least, and where the last run of that split begins. */
  const least = new Float64Array(rows.length + 1)
  const from = new Int32Array(rows.length + 1)
  for (let end = 1; end <= rows.length; end++) {
    const longest = Math.max(1, lengths[rows[end - 1]!]!)
    least[end] = Infinity
    for (let start = end - 1; start >= 0; start--) {
      const cost = least[start]! + perRun + (end - start) * longest
      if (cost < least[end]!) {
        least[end] = cost
        from[end] = start
      }
    }
  }
  const groups: number[][] = []
  for (let end = rows.length; end > 0; end = from[end]!) groups.push(rows.slice(from[end], end))
  return groups
}
