import { IsthmusError } from '../errors.ts'
import { createRandom } from '../random.ts'

/** y = weights (x - meanX) + meanY: weights row-major [outputs, inputs]. */
export interface Ridge {
  readonly inputs: number
  readonly outputs: number
  readonly weights: Float64Array
  readonly meanX: Float64Array
  readonly meanY: Float64Array
}

/** Rows to learn from: x row-major [n, inputs], y row-major [n, outputs]. */
export interface RidgeRows {
  readonly x: Float32Array | Float64Array
  readonly inputs: number
  readonly y: Float32Array | Float64Array
  readonly outputs: number
}

/** Factors tried by `chooseRidge`, for x of about unit length. */
export const RIDGE_LAMBDAS: readonly number[] = [0.01, 0.1, 1, 10, 100, 1000]
const FOLDS = 5

/**
 * Least squares with lambda |W|² and an intercept that is not penalised: the lambda with the smallest squared error
 * over five folds, and the fit to all rows with it. `unexplained` is that error as a share of the variance: 1 is no
 * better than the mean. Costs n (inputs² / 2 + inputs outputs) steps.
 * @throws dataset_empty with fewer than two rows
 */
export function chooseRidge (
  rows: RidgeRows, { lambdas = RIDGE_LAMBDAS, seed = 42 }: { lambdas?: readonly number[], seed?: number } = {}
): { ridge: Ridge, lambda: number, unexplained: number } {
  const count = rows.x.length / rows.inputs
  const folds = Math.min(FOLDS, count)
  if (folds < 2) throw new IsthmusError('dataset_empty', 'a ridge regression over fewer than two rows')
  const random = createRandom(seed, 'ridge')
  const foldOf = Int32Array.from({ length: count }, (_, i) => i % folds)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const swapped = foldOf[i]!
    foldOf[i] = foldOf[j]!
    foldOf[j] = swapped
  }
  const parts = Array.from({ length: folds }, (_, fold) => momentsOf(rows, (row) => foldOf[row] === fold))
  const all = parts.reduce((sum, part) => combine(sum, part, 1))
  const mean = all.y.map((value) => value / all.count)
  const total = squaredError({ ...solve(all, Infinity), meanY: mean }, all)

  const errors = lambdas.map((lambda) => parts.reduce((sum, part) =>
    sum + squaredError(solve(combine(all, part, -1), lambda), part), 0))
  const best = errors.indexOf(Math.min(...errors))
  const lambda = lambdas[best]!
  return { ridge: solve(all, lambda), lambda, unexplained: total === 0 ? 0 : errors[best]! / total }
}

/** The same map as F row-major [outputs, inputs] and f [outputs]: y = F x + f. */
export function affineOfRidge ({ inputs, outputs, weights, meanX, meanY }: Ridge): {
  map: Float32Array, offset: Float32Array
} {
  const offset = Float32Array.from({ length: outputs }, (_, o) => {
    let sum = meanY[o]!
    for (let i = 0; i < inputs; i++) sum -= weights[o * inputs + i]! * meanX[i]!
    return sum
  })
  return { map: Float32Array.from(weights), offset }
}

/** Sums over rows, from which every fit and every error follows; `xx` is [inputs, inputs], `xy` [inputs, outputs]. */
interface Moments {
  readonly inputs: number
  readonly outputs: number
  readonly count: number
  readonly x: Float64Array
  readonly y: Float64Array
  readonly xx: Float64Array
  readonly xy: Float64Array
  readonly yy: Float64Array
}

function momentsOf ({ x, inputs, y, outputs }: RidgeRows, counts: (row: number) => boolean): Moments {
  const sums = {
    x: new Float64Array(inputs),
    y: new Float64Array(outputs),
    xx: new Float64Array(inputs * inputs),
    xy: new Float64Array(inputs * outputs),
    yy: new Float64Array(outputs),
  }
  let count = 0
  for (let row = 0; row < x.length / inputs; row++) {
    if (!counts(row)) continue
    count++
    for (let o = 0; o < outputs; o++) {
      const value = y[row * outputs + o]!
      sums.y[o]! += value
      sums.yy[o]! += value * value
    }
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i]!
      sums.x[i]! += value
      for (let j = i; j < inputs; j++) sums.xx[i * inputs + j]! += value * x[row * inputs + j]!
      for (let o = 0; o < outputs; o++) sums.xy[i * outputs + o]! += value * y[row * outputs + o]!
    }
  }
  for (let i = 0; i < inputs; i++) for (let j = 0; j < i; j++) sums.xx[i * inputs + j] = sums.xx[j * inputs + i]!
  return { inputs, outputs, count, ...sums }
}

function combine (a: Moments, b: Moments, sign: 1 | -1): Moments {
  const join = (from: Float64Array, other: Float64Array): Float64Array =>
    from.map((value, i) => value + sign * other[i]!)
  return {
    inputs: a.inputs,
    outputs: a.outputs,
    count: a.count + sign * b.count,
    x: join(a.x, b.x),
    y: join(a.y, b.y),
    xx: join(a.xx, b.xx),
    xy: join(a.xy, b.xy),
    yy: join(a.yy, b.yy),
  }
}

/** Infinity: no slope at all. */
function solve (sums: Moments, lambda: number): Ridge {
  const { inputs, outputs, count } = sums
  if (count === 0) throw new IsthmusError('dataset_empty', 'a ridge regression over no rows')
  const meanX = sums.x.map((value) => value / count)
  const meanY = sums.y.map((value) => value / count)
  const weights = new Float64Array(outputs * inputs)
  if (lambda === Infinity) return { inputs, outputs, weights, meanX, meanY }

  const gram = sums.xx.map((value, at) => value - count * meanX[Math.floor(at / inputs)]! * meanX[at % inputs]!)
  for (let i = 0; i < inputs; i++) gram[i * inputs + i]! += lambda
  factor(gram, inputs)
  const column = new Float64Array(inputs)
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) column[i] = sums.xy[i * outputs + o]! - count * meanX[i]! * meanY[o]!
    substitute(gram, inputs, column)
    weights.set(column, o * inputs)
  }
  return { inputs, outputs, weights, meanX, meanY }
}

/** Cholesky: the lower triangle of a positive definite matrix, in its place. */
function factor (matrix: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!
      // Rounding alone can make a pivot that is not positive; such a direction holds nothing to learn from.
      matrix[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[j * n + j]!
    }
  }
}

/** Solves L Lᵀ v = v in its place. */
function substitute (lower: Float64Array, n: number, v: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = v[i]!
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * v[k]!
    v[i] = sum / lower[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = v[i]!
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * v[k]!
    v[i] = sum / lower[i * n + i]!
  }
}

/** Sum over rows and outputs of (y - prediction)². */
function squaredError ({ inputs, outputs, weights, meanX, meanY }: Ridge, sums: Moments): number {
  const { count } = sums
  const centred = sums.xx.map((value, at) => {
    const [i, j] = [Math.floor(at / inputs), at % inputs]
    return value - sums.x[i]! * meanX[j]! - meanX[i]! * sums.x[j]! + count * meanX[i]! * meanX[j]!
  })
  let error = 0
  for (let o = 0; o < outputs; o++) {
    error += sums.yy[o]! - 2 * meanY[o]! * sums.y[o]! + count * meanY[o]! ** 2
    for (let i = 0; i < inputs; i++) {
      const cross = sums.xy[i * outputs + o]! - meanX[i]! * sums.y[o]! - sums.x[i]! * meanY[o]! +
        count * meanX[i]! * meanY[o]!
      let quadratic = 0
      for (let j = 0; j < inputs; j++) quadratic += centred[i * inputs + j]! * weights[o * inputs + j]!
      error += weights[o * inputs + i]! * (quadratic - 2 * cross)
    }
  }
  return error
}
