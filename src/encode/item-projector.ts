import { IsthmusError } from '../errors.ts'

/** An affine map y = F x + f as files hold it: F row-major [outWidth, inWidth], then f [outWidth]. */
export interface AffineMap {
  readonly inWidth: number
  readonly outWidth: number
  readonly values: Float32Array
}

/** How raw text embeddings become item vectors of one domain (spec/MODELS.md section 7). */
export interface ItemProjector {
  /** Width of an item vector. */
  readonly width: number
  /** [rawWidth] -> [width]; fails with `validation_failed` where the result has no length or is not finite. */
  project: (raw: Float32Array) => Float32Array
  /** Many at once, each as `project` does it, to the last bit; in about a third of the time. */
  projectAll: (raws: readonly Float32Array[]) => Float32Array[]
}

/** Numbers that an affine map's file holds. */
export function affineLength (inWidth: number, outWidth: number): number {
  return outWidth * inWidth + outWidth
}

/** y = F x + f, sums in double precision: one input gives the same bits on every machine. */
export function applyAffine (
  { inWidth, outWidth, values }: AffineMap, x: Float32Array, y = new Float32Array(outWidth)
): Float32Array {
  for (let o = 0; o < outWidth; o++) {
    let sum = values[outWidth * inWidth + o]!
    const row = o * inWidth
    for (let i = 0; i < inWidth; i++) sum += values[row + i]! * x[i]!
    y[o] = sum
  }
  return y
}

/** Inputs whose sums run side by side: one alone waits for each addition before the next. */
const SIDE_BY_SIDE = 4

/** `applyAffine` of many inputs as one matrix product: each y gets the same bits as alone. */
function applyAffineAll (
  { inWidth, outWidth, values }: AffineMap, xs: readonly Float32Array[], ys: readonly Float32Array[]
): void {
  for (let at = 0; at < xs.length; at += SIDE_BY_SIDE) {
    // The last ones take part more than once where there are not four.
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => Math.min(at + i, xs.length - 1)) as [number, number, number, number]
    const [xa, xb, xc, xd] = [xs[a]!, xs[b]!, xs[c]!, xs[d]!]
    for (let o = 0; o < outWidth; o++) {
      const bias = values[outWidth * inWidth + o]!
      let [sa, sb, sc, sd] = [bias, bias, bias, bias]
      const row = o * inWidth
      for (let i = 0; i < inWidth; i++) {
        const weight = values[row + i]!
        sa += weight * xa[i]!
        sb += weight * xb[i]!
        sc += weight * xc[i]!
        sd += weight * xd[i]!
      }
      ys[a]![o] = sa
      ys[b]![o] = sb
      ys[c]![o] = sc
      ys[d]![o] = sd
    }
  }
}

/**
 * The item tower for items without a trained row: [global half ; local half], divided by its length under `unit`.
 * @param local absent: the system has no local half
 */
export function createItemProjector (
  global: AffineMap, local: AffineMap | undefined, norm: 'unit' | 'none'
): ItemProjector {
  const width = global.outWidth + (local?.outWidth ?? 0)
  const projectAll = (raws: readonly Float32Array[]): Float32Array[] => {
    const vectors = raws.map(() => new Float32Array(width))
    applyAffineAll(global, raws, vectors.map((vector) => vector.subarray(0, global.outWidth)))
    if (local !== undefined) applyAffineAll(local, raws, vectors.map((vector) => vector.subarray(global.outWidth)))
    return vectors.map(norm === 'unit' ? toUnit : checkFinite)
  }
  return { width, project: (raw) => projectAll([raw])[0]!, projectAll }
}

/** Divides a vector by its length, in place. Fails with `validation_failed` where the length is 0 or not finite. */
export function toUnit (vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  const length = Math.sqrt(sum)
  if (!(length > 1e-12) || length === Infinity) {
    throw new IsthmusError('validation_failed', 'the embedding gives a vector without a direction', {
      place: { field: 'embedding' },
    })
  }
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length
  return vector
}

function checkFinite (vector: Float32Array): Float32Array {
  if (vector.every(Number.isFinite)) return vector
  throw new IsthmusError('validation_failed', 'the embedding gives a vector that is not finite', {
    place: { field: 'embedding' },
  })
}
