import type { Random } from '../random.ts'
import { attention, attentionWeights, linear, norm } from './attention.ts'
import { layerNormWeights, linearWeights } from './init.ts'
import type { Ops, Weight, Weights } from './ops.ts'

/**
 * BERT4Rec (Sun et al., 2019) as a backbone: every step looks at every other, norms after each part, GELU, a
 * feed-forward of 4d. It learns to fill in steps that are hidden, and predicts at a hidden step after the last. Padding
 * is no key, so that the output does not depend on its amount.
 */
export interface Bert4recShape {
  readonly d: number
  readonly layers: number
  readonly heads: number
}

/** PyTorch's; the paper names none. */
const EPSILON = 1e-5

/** Weights of one backbone under `prefix`, drawn as those of SASRec are. */
export function bert4recWeights (prefix: string, { d, layers }: Bert4recShape, random: Random): Weights {
  return new Map(Array.from({ length: layers }, (_, layer): [string, Weight][] => {
    const at = `${prefix}.${layer}`
    return [
      ...attentionWeights(at, d, random), ...layerNormWeights(`${at}.norm1`, d),
      ...linearWeights(`${at}.ffn1`, d, 4 * d, random), ...linearWeights(`${at}.ffn2`, 4 * d, d, random),
      ...layerNormWeights(`${at}.norm2`, d),
    ]
  }).flat())
}

/**
 * Every step's vector: x [B, L, d] (scaled, hidden steps replaced, position added, after dropout) and mask [B, L]
 * (1 real or hidden, 0 padding) -> [B, L, d]. `sequences` as in `Ops.attentionBias`.
 */
export function bert4rec<T> (
  ops: Ops<T>, prefix: string, shape: Bert4recShape, x: T, mask: T, sequences?: T
): T {
  const bias = ops.attentionBias(mask, 'pad', sequences)
  return below(ops, prefix, shape, shape.layers, x, bias)
}

/** The user vector: what `bert4rec` gives for the last step, [B, d]; the last layer computes that step alone. */
export function bert4recLast<T> (ops: Ops<T>, prefix: string, shape: Bert4recShape, x: T, mask: T): T {
  const bias = ops.attentionBias(mask, 'pad') // [B, 1, L, L]
  const top = shape.layers - 1
  const steps = below(ops, prefix, shape, top, x, bias)
  return ops.last(block(ops, `${prefix}.${top}`, shape, ops.lastRow(steps), steps, ops.lastRow(bias)))
}

/** The first `layers` layers, all steps: [B, L, d]. */
function below<T> (ops: Ops<T>, prefix: string, shape: Bert4recShape, layers: number, x: T, bias: T): T {
  let steps = x
  for (let layer = 0; layer < layers; layer++) steps = block(ops, `${prefix}.${layer}`, shape, steps, steps, bias)
  return steps
}

/** One layer for the steps of `queries` [B, n, d], looking at `steps` [B, L, d] under bias [B, 1, n, L]. */
function block<T> (ops: Ops<T>, at: string, shape: Bert4recShape, queries: T, steps: T, bias: T): T {
  const seen = ops.dropout(attention(ops, at, shape, queries, steps, bias), `${at}.seen`)
  const mixed = norm(ops, `${at}.norm1`, ops.add(queries, seen), EPSILON) // [B, n, d]
  const hidden = ops.gelu(linear(ops, `${at}.ffn1`, mixed)) // [B, n, 4d]
  const changed = ops.dropout(linear(ops, `${at}.ffn2`, hidden), `${at}.ffn2`)
  return norm(ops, `${at}.norm2`, ops.add(mixed, changed), EPSILON)
}
