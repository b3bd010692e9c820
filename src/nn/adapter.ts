import type { Random } from '../random.ts'
import { linearWeights } from './init.ts'
import { namedWeight, type Ops, type Weights } from './ops.ts'

/**
 * The adapter of LLM4CDSR Eq. 5: two linear layers, raw -> floor(raw / 2) -> d, and no activation between them, so that
 * it folds into one affine map for serving.
 */
export function adapterWeights (prefix: string, raw: number, d: number, random: Random): Weights {
  const middle = Math.max(1, Math.floor(raw / 2))
  return new Map([
    ...linearWeights(`${prefix}.in`, raw, middle, random), ...linearWeights(`${prefix}.out`, middle, d, random),
  ])
}

/** [..., raw] -> [..., d]. A zero row does not stay zero. */
export function adapter<T> (ops: Ops<T>, prefix: string, x: T): T {
  const layer = (name: string, from: T): T =>
    ops.linear(from, ops.weight(`${prefix}.${name}.kernel`), ops.weight(`${prefix}.${name}.bias`))
  return layer('out', layer('in', x))
}

/** y = matrix x + offset: matrix row-major [out, in], offset [out]. */
export interface AffineMap {
  readonly inputs: number
  readonly outputs: number
  readonly matrix: Float32Array
  readonly offset: Float32Array
}

/** The adapter as one map; sums are in double precision. */
export function foldAdapter (weights: Weights, prefix: string): AffineMap {
  const first = namedWeight(weights, `${prefix}.in.kernel`) // [inputs, middle]
  const second = namedWeight(weights, `${prefix}.out.kernel`) // [middle, outputs]
  const [inputs = 0, middle = 0] = first.shape
  const outputs = second.shape[1] ?? 0
  const through = (row: Float32Array, output: number): number =>
    row.reduce((sum, value, k) => sum + value * second.data[k * outputs + output]!, 0)

  const matrix = new Float32Array(outputs * inputs)
  const offset = namedWeight(weights, `${prefix}.out.bias`).data.slice()
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      matrix[output * inputs + input] = through(first.data.subarray(input * middle, (input + 1) * middle), output)
    }
    offset[output]! += through(namedWeight(weights, `${prefix}.in.bias`).data, output)
  }
  return { inputs, outputs, matrix, offset }
}
