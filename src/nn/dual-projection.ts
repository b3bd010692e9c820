import type { Random } from '../random.ts'
import type { AffineMap } from './adapter.ts'
import { linear } from './attention.ts'
import { linearWeights } from './init.ts'
import { namedWeight, type Ops, type Weights } from './ops.ts'

/**
 * The two projections of LLM-RecG (Eq. 2 and 7, section 3.2): one learns what is bought after what, the other what is
 * alike across domains, and a third layer merges them. All are affine, so that they fold into one map for serving.
 */
export interface DualProjection<T> {
  /** W_p E + b_p: [U, d]. */
  readonly rec: T
  /** W_g E + b_g, before dropout: what L_gen looks at: [U, d]. */
  readonly gen: T
  /** W_m [rec ; gen] + b_m: [U, d]. */
  readonly merged: T
}

/** The weights of both projections and their merger; of the first projection alone without `merged`. */
export function dualProjectionWeights (
  prefix: string, raw: number, d: number, random: Random, { merged }: { readonly merged: boolean }
): Weights {
  const rec = linearWeights(`${prefix}.rec`, raw, d, random)
  if (!merged) return new Map(rec)
  return new Map([
    ...rec,
    ...linearWeights(`${prefix}.gen`, raw, d, random),
    ...linearWeights(`${prefix}.merge`, 2 * d, d, random),
  ])
}

/** x [U, raw] -> the three views of its items. */
export function dualProjection<T> (ops: Ops<T>, prefix: string, x: T): DualProjection<T> {
  const rec = linear(ops, `${prefix}.rec`, x)
  const gen = linear(ops, `${prefix}.gen`, x)
  const both = ops.concat([ops.dropout(rec, `${prefix}.rec`), ops.dropout(gen, `${prefix}.gen`)])
  return { rec, gen, merged: linear(ops, `${prefix}.merge`, both) }
}

/** x [U, raw] -> [U, d] by the first projection alone, the form without generalisation. */
export function singleProjection<T> (ops: Ops<T>, prefix: string, x: T): T {
  return ops.dropout(linear(ops, `${prefix}.rec`, x), `${prefix}.rec`)
}

/** The merged item as one map of the text, W_m [W_p ; W_g] x + W_m [b_p ; b_g] + b_m; sums in double precision. */
export function foldDualProjection (weights: Weights, prefix: string): AffineMap {
  const merge = namedWeight(weights, `${prefix}.merge.kernel`) // [2d, d]
  const offset = Float64Array.from(namedWeight(weights, `${prefix}.merge.bias`).data)
  const { inputs, outputs } = sizes(weights, prefix)
  const matrix = new Float64Array(outputs * inputs)
  for (const [part, name] of ['rec', 'gen'].entries()) {
    const { data } = namedWeight(weights, `${prefix}.${name}.kernel`) // [inputs, d]
    const bias = namedWeight(weights, `${prefix}.${name}.bias`).data
    for (let middle = 0; middle < outputs; middle++) {
      const row = (part * outputs + middle) * outputs
      for (let output = 0; output < outputs; output++) {
        const factor = merge.data[row + output]!
        offset[output]! += factor * bias[middle]!
        const at = output * inputs
        for (let input = 0; input < inputs; input++) matrix[at + input]! += factor * data[input * outputs + middle]!
      }
    }
  }
  return { inputs, outputs, matrix: Float32Array.from(matrix), offset: Float32Array.from(offset) }
}

/** The first projection as the map that it is. */
export function foldSingleProjection (weights: Weights, prefix: string): AffineMap {
  const { inputs, outputs } = sizes(weights, prefix)
  const { data } = namedWeight(weights, `${prefix}.rec.kernel`)
  const matrix = Float32Array.from(data, (_, i) => data[(i % inputs) * outputs + Math.floor(i / inputs)]!)
  return { inputs, outputs, matrix, offset: namedWeight(weights, `${prefix}.rec.bias`).data.slice() }
}

function sizes (weights: Weights, prefix: string): { inputs: number, outputs: number } {
  const [inputs = 0, outputs = 0] = namedWeight(weights, `${prefix}.rec.kernel`).shape
  return { inputs, outputs }
}
