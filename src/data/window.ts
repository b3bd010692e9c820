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

/** Places in a block: `starts[i]` is the index of row i's first element in the flat [rows, width] block. */
export interface Places {
  readonly rows: number
  readonly width: number
  readonly starts: readonly number[]
}

/** Places for sequences of these lengths, each in a row of its own, padded on the left. */
export function placeAlone (lengths: readonly number[], width: number): Places {
  return { rows: lengths.length, width, starts: lengths.map((length, i) => (i + 1) * width - length) }
}

/** Places for sequences of these lengths, several in a row where they fit: the smaller of the blocks tried. */
export function placeTogether (lengths: readonly number[]): Places {
  const longest = Math.max(1, ...lengths)
  // As wide as the longest leaves gaps that fit none; much wider, and attention costs more than the padding saved.
  const narrow = firstFit(lengths, longest)
  const wide = firstFit(lengths, Math.ceil(1.5 * longest))
  return wide.rows * wide.width < narrow.rows * narrow.width ? wide : narrow
}

/** Each sequence in the first row that has room, filled from the right. */
function firstFit (lengths: readonly number[], width: number): Places {
  const free: number[] = []
  const starts = lengths.map((length) => {
    const fitting = free.findIndex((places) => places >= length)
    const row = fitting === -1 ? free.push(width) - 1 : fitting
    free[row]! -= length
    return row * width + free[row]!
  })
  return { rows: free.length, width, starts }
}
