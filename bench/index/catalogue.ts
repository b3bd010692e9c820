import { createRandom, type Random } from '../../src/random.ts'
import { dot } from '../../src/retrieve/vector-table.ts'

/** Rows whose nearest neighbour is looked for. */
const SAMPLE = 400

/** What a made-up catalogue is to have in common with a real one. */
export interface Shape {
  /** Distances from rows to their nearest neighbour, of a sample. */
  readonly nearest: Float64Array
  /** Lengths of the rows of the sample. */
  readonly norms: Float64Array
}

/** @param vectors [rows, width]; only the first `upTo` rows are looked at */
export function shapeOf (vectors: Float32Array, width: number, upTo = 20_000): Shape {
  const rows = Math.min(upTo, vectors.length / width)
  const row = (r: number): Float32Array => vectors.subarray(r * width, (r + 1) * width)
  const squares = Float64Array.from({ length: rows }, (_, r) => dot(row(r), row(r)))
  const sample = Array.from({ length: Math.min(SAMPLE, rows) }, (_, i) => Math.floor(i * rows / Math.min(SAMPLE, rows)))
  return {
    nearest: Float64Array.from(sample, (r) => {
      let least = Infinity
      for (let other = 0; other < rows; other++) {
        if (other !== r) least = Math.min(least, squares[r]! + squares[other]! - 2 * dot(row(r), row(other)))
      }
      return Math.sqrt(Math.max(0, least))
    }),
    norms: Float64Array.from(sample, (r) => Math.sqrt(squares[r]!)),
  }
}

/**
 * As many rows as asked for, in shared memory: those of `base` [rows, width], then each of them again and again with
 * noise. A noisy row lies as far from its source as rows of the shape lie from their nearest neighbours, and is as long
 * as one of them. With `skewed` every row is made longer or shorter by a lognormal factor (sigma 0.5): what an inner
 * product sees where norms are free.
 */
export function widen (
  base: Float32Array, width: number, rows: number, { skewed = false, seed = 1 } = {}
): Float32Array {
  const { nearest, norms } = shapeOf(base, width)
  const random = createRandom(seed, 'bench/index')
  const sources = base.length / width
  const all = new Float32Array(new SharedArrayBuffer(4 * rows * width))
  all.set(base.subarray(0, Math.min(base.length, all.length)))
  const noise = new Float64Array(width)
  for (let r = 0; r < rows; r++) {
    const out = all.subarray(r * width, (r + 1) * width)
    if (r >= sources) {
      const source = base.subarray((r % sources) * width, (r % sources + 1) * width)
      addNoise(out, source, noise, one(nearest, random), random)
      scale(out, one(norms, random) / Math.sqrt(dot(out, out)))
    }
    if (skewed) scale(out, Math.exp(0.5 * random.normal()))
  }
  return all
}

function addNoise (
  out: Float32Array, source: Float32Array, noise: Float64Array, distance: number, random: Random
): void {
  let square = 0
  for (let i = 0; i < noise.length; i++) {
    noise[i] = random.normal()
    square += noise[i]! * noise[i]!
  }
  const factor = distance / Math.sqrt(square)
  for (let i = 0; i < noise.length; i++) out[i] = source[i]! + factor * noise[i]!
}

function scale (vector: Float32Array, factor: number): void {
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor
}

function one (values: Float64Array, random: Random): number {
  return values[random.integer(values.length)]!
}
