/**
 * Windowing, positions and padding: the one definition that training, export and serving share.
 * A window is the latest L inputs, oldest first; positions count 1..n from the oldest one kept; padding is on the
 * left, with id and position 0.
 */

/** The latest `length` of a history, oldest first. */
export function latest<T> (history: readonly T[], length: number): readonly T[] {
  return history.length > length ? history.slice(history.length - length) : history
}

/** Like `latest`, without a copy. */
export function latestIds (history: Int32Array, length: number): Int32Array {
  return history.subarray(Math.max(0, history.length - length))
}

/** Rows of different lengths as one row-major [rows.length, width] block, padded on the left with 0. */
export function padLeft (rows: readonly ArrayLike<number>[], width: number): Int32Array {
  const block = new Int32Array(rows.length * width)
  for (const [r, row] of rows.entries()) block.set(row, (r + 1) * width - row.length)
  return block
}

/** Positions that belong to `padLeft(rows, width)`: 1..n at the right of each row. */
export function padPositions (lengths: readonly number[], width: number): Int32Array {
  const block = new Int32Array(lengths.length * width)
  for (const [r, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) block[(r + 1) * width - length + i] = i + 1
  }
  return block
}

/** The width of a batch: its longest row, and at least 1, so that a batch of empty histories still has a shape. */
export function widest (rows: readonly ArrayLike<number>[]): number {
  return Math.max(1, ...rows.map((row) => row.length))
}

/**
 * Places for rows of these lengths in a block of rows of one `width`, padded on the left: `starts[i]` is the index of
 * row i's first element in the flat block. Packed, rows share one of the block where they fit (first fit).
 */
export function packLeft (
  lengths: readonly number[], width: number, isPacked: boolean
): { rows: number, starts: readonly number[] } {
  const free: number[] = []
  const starts = lengths.map((length) => {
    const fitting = isPacked ? free.findIndex((places) => places >= length) : -1
    const row = fitting === -1 ? free.push(width) - 1 : fitting
    free[row]! -= length
    return row * width + free[row]!
  })
  return { rows: free.length, starts }
}
