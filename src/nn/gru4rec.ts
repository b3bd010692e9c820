import type { Random } from '../random.ts'
import { linear, norm } from './attention.ts'
import { layerNormWeights, linearWeights } from './init.ts'
import type { Ops, Weights } from './ops.ts'

/**
 * GRU4Rec (Hidasi et al., 2016) as a backbone: gated recurrent layers, then a dense layer and a layer norm as LLM-EDT
 * builds it. Departure: padding steps are skipped, so that the output does not depend on their number.
 */
export interface Gru4recShape {
  readonly d: number
  readonly layers: number
}

const EPSILON = 1e-8

/** Weights of one backbone under `prefix`: kernels [d, 3d] of update, reset and candidate, with PyTorch's biases. */
export function gru4recWeights (prefix: string, { d, layers }: Gru4recShape, random: Random): Weights {
  return new Map([
    ...Array.from({ length: layers }, (_, layer) => ['input', 'hidden'].flatMap((part) =>
      linearWeights(`${prefix}.${layer}.${part}`, d, 3 * d, random))).flat(),
    ...linearWeights(`${prefix}.dense`, d, d, random),
    ...layerNormWeights(`${prefix}.norm`, d),
  ])
}

/** Every step's vector: x [B, L, d] (scaled, after dropout) and mask [B, L] (1 real, 0 padding) -> [B, L, d]. */
export function gru4rec<T> (ops: Ops<T>, prefix: string, shape: Gru4recShape, x: T, mask: T): T {
  return head(ops, prefix, states(ops, prefix, shape, x, mask))
}

/** The user vector: what `gru4rec` gives for the last step, [B, d]. */
export function gru4recLast<T> (ops: Ops<T>, prefix: string, shape: Gru4recShape, x: T, mask: T): T {
  return head(ops, prefix, ops.last(states(ops, prefix, shape, x, mask)))
}

/** States of the last layer, [B, L, d]. */
function states<T> (ops: Ops<T>, prefix: string, { d, layers }: Gru4recShape, x: T, mask: T): T {
  let steps = x
  for (let layer = 0; layer < layers; layer++) {
    const at = `${prefix}.${layer}`
    const input = layer === 0 ? steps : ops.dropout(steps, at)
    steps = ops.gru(input, mask, d, {
      input: { kernel: ops.weight(`${at}.input.kernel`), bias: ops.weight(`${at}.input.bias`) },
      hidden: { kernel: ops.weight(`${at}.hidden.kernel`), bias: ops.weight(`${at}.hidden.bias`) },
    })
  }
  return steps
}

function head<T> (ops: Ops<T>, prefix: string, x: T): T {
  return norm(ops, `${prefix}.norm`, linear(ops, `${prefix}.dense`, x), EPSILON)
}
