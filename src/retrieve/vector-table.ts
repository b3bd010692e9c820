import { IsthmusError } from '../errors.ts'
import type { Hit } from './candidate-index.ts'

/** Vectors by row: a shared base that is never written to, and what was put since. */
export interface VectorTable {
  readonly width: number
  readonly baseRows: number
  /** Rows that may be found. */
  readonly live: number
  isLive: (row: number) => boolean
  /** The vector of a row that was there at any time. Not to be kept where the row may be put again. */
  vector: (row: number) => Float32Array
  /** Live rows, ascending for the base, then in the order in which they were put first. */
  rows: () => Iterable<number>
  /** Fails with `validation_failed` on another width, a number that is not finite, or no length at all. */
  put: (row: number, vector: Float32Array) => void
  remove: (row: number) => void
}

/** Put rows of one piece of memory: an array for each would cost as much again. */
const BLOCK = 1024

/** @param base [rows, width], row-major, kept as it is */
export function createVectorTable (base: Float32Array, width: number): VectorTable {
  const baseRows = base.length / width
  const slots = new Map<number, number>()
  const blocks: Float32Array[] = []
  const removed = new Set<number>()
  let added = 0
  const exists = (row: number): boolean => (row >= 0 && row < baseRows) || slots.has(row)
  const slotVector = (slot: number): Float32Array => {
    const at = (slot % BLOCK) * width
    return blocks[Math.floor(slot / BLOCK)]!.subarray(at, at + width)
  }

  return {
    width,
    baseRows,
    get live () { return baseRows + added - removed.size },
    isLive: (row) => exists(row) && !removed.has(row),
    vector (row) {
      const slot = slots.get(row)
      return slot === undefined ? base.subarray(row * width, (row + 1) * width) : slotVector(slot)
    },
    * rows () {
      for (let row = 0; row < baseRows; row++) if (!removed.has(row)) yield row
      for (const row of slots.keys()) if (row >= baseRows && !removed.has(row)) yield row
    },
    put (row, vector) {
      if (!Number.isInteger(row) || row < 0 || row > 0xffff_ffff) throw refused('row')
      if (vector.length !== width || !vector.every(Number.isFinite) || dot(vector, vector) < 1e-20) throw refused('vector')
      if (!exists(row)) added++
      const slot = slots.get(row) ?? slots.size
      if (slot === blocks.length * BLOCK) blocks.push(new Float32Array(BLOCK * width))
      slots.set(row, slot)
      slotVector(slot).set(vector)
      removed.delete(row)
    },
    remove (row) {
      if (exists(row)) removed.add(row)
    },
  }
}

/** The inner product, rounded to float32 once: it does not depend on how a search batched its queries. */
export function dot (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return Math.fround(sum)
}

/** Best first, ties by lower row. */
export function byScore (a: Hit, b: Hit): number {
  return b.score - a.score || a.row - b.row
}

function refused (field: string): IsthmusError {
  return new IsthmusError('validation_failed', `the index does not take this ${field}`, { place: { field } })
}
