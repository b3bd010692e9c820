import type { GraphBuilder } from '../onnx/graph-builder.ts'

/** Vectors in eight bits, laid out as ONNX Runtime's MatMulNBits takes them. */
interface Int8Rows {
  /** [rows, blocks, BLOCK], steps from ZERO, which fills the end of a row. */
  readonly values: Uint8Array
  /** [rows, blocks]: what a step of the block is worth. */
  readonly scales: Float32Array
  /**
   * No inner product that the runtime finds between a query [width] and a row is further than this from the true one.
   * The runtime rounds each block of the query to 127 steps either way, so that by Cauchy and Schwarz, x^ and q^ being
   * what is left of row and query: |x q - x^ q^| <= |x| |q - q^| + |x - x^| |q^|.
   */
  readonly furthest: (query: Float32Array) => number
}

/** Numbers that share a scale. 32 halve what is in doubt less than they slow the scan, 128 save nothing any more. */
const BLOCK = 64

const STEPS = 127
/** What stands for 0 among bytes without a sign; MatMulNBits' own choice where it is given none. */
const ZERO = 128
/** MatMulNBits' `accuracy_level` at which the query is rounded too, and whole numbers are multiplied. */
const INT8_QUERIES = 4
/** For the rounding of float32 sums, which is a thousandth of what eight bits lose. */
const ROUNDED_UP = 1.001

/**
 * The inner products [B, rows] of `queries` [B, width] with the rows, which are a constant of the graph.
 * @param base [rows, width], row-major
 */
export function scoreInt8 (
  graph: GraphBuilder, queries: string, base: Float32Array, width: number
): { scores: string, furthest: Int8Rows['furthest'] } {
  const rows = base.length / width
  const { values, scales, furthest } = toInt8Rows(base, width)
  const scores = graph.node('com.microsoft.MatMulNBits', [
    queries,
    graph.constant('base', [rows, scales.length / rows, BLOCK], values),
    graph.constant('scales', [scales.length], scales),
  ], { K: width, N: rows, bits: 8, block_size: BLOCK, accuracy_level: INT8_QUERIES })
  return { scores, furthest }
}

function toInt8Rows (base: Float32Array, width: number): Int8Rows {
  const rows = base.length / width
  const blocks = Math.ceil(width / BLOCK)
  const values = new Uint8Array(rows * blocks * BLOCK).fill(ZERO)
  const scales = new Float32Array(rows * blocks)
  let longest = 0
  let mostLost = 0
  for (let row = 0; row < rows; row++) {
    let squares = 0
    let lost = 0
    for (let block = 0; block < blocks; block++) {
      const from = row * width + block * BLOCK
      const to = Math.min(from + BLOCK, (row + 1) * width)
      let most = 0
      for (let i = from; i < to; i++) {
        const size = Math.abs(base[i]!)
        if (size > most) most = size
      }
      const scale = scales[row * blocks + block] = Math.fround(most / STEPS)
      if (scale === 0) continue
      const shift = (row * blocks + block) * BLOCK - from
      for (let i = from; i < to; i++) {
        const value = base[i]!
        // Cut off to the nearest; Math.round takes three times as long.
        const byte = (value / scale + (ZERO + 0.5)) | 0
        const off = value - (byte - ZERO) * scale
        values[i + shift] = byte
        squares += value * value
        lost += off * off
      }
    }
    longest = Math.max(longest, squares)
    mostLost = Math.max(mostLost, lost)
  }
  return { values, scales, furthest: bound(Math.sqrt(longest), Math.sqrt(mostLost)) }
}

/** @param longest the longest row; @param mostLost the longest difference between a row and what is left of it */
function bound (longest: number, mostLost: number): Int8Rows['furthest'] {
  return (query) => {
    let squares = 0
    let lost = 0
    for (let from = 0; from < query.length; from += BLOCK) {
      const to = Math.min(from + BLOCK, query.length)
      let most = 0
      for (let i = from; i < to; i++) {
        const value = query[i]!
        squares += value * value
        most = Math.max(most, Math.abs(value))
      }
      lost += (to - from) * (most / STEPS / 2) ** 2
    }
    const off = Math.sqrt(lost)
    return ROUNDED_UP * (longest * off + mostLost * (Math.sqrt(squares) + off))
  }
}
