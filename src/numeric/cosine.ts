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
  let sum = 0
  for (let at = 0; at < width; at++) sum += a[fromA + at]! * b[fromB + at]!
  return sum
}

/**
 * The dot products of up to four rows of `a`, from `first` on, with `count` rows of `b`, from `from` on: row-major
 * [4, count]. Four at a time read `b` once, which takes a quarter of the time of one after the other.
 */
export function fourDots (
  a: Float32Array, first: number, b: Float32Array, from: number, count: number, width: number
): Float64Array {
  const four = new Float32Array(4 * width)
  four.set(a.subarray(first * width, (first + 4) * width))
  const dots = new Float64Array(4 * count)
  for (let row = 0; row < count; row++) {
    const start = (from + row) * width
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let i = 0; i < width; i++) {
      const value = b[start + i]!
      s0 += four[i]! * value
      s1 += four[width + i]! * value
      s2 += four[2 * width + i]! * value
      s3 += four[3 * width + i]! * value
    }
    dots[row] = s0
    dots[count + row] = s1
    dots[2 * count + row] = s2
    dots[3 * count + row] = s3
  }
  return dots
}
