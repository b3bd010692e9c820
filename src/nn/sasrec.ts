import type { Random } from '../random.ts'
import { attention, attentionWeights, linear, norm } from './attention.ts'
import { layerNormWeights, linearWeights } from './init.ts'
import type { MaskMode, Ops, Weight, Weights } from './ops.ts'

/**
 * SASRec (Kang and McAuley, 2018) as LLM4CDSR and LLM-EDT build it: only the query is normalised before attention, keys
 * and values are the raw steps, and the feed-forward is d x d with ReLU. Departure from their code: the attention mask
 * is on (`causal_pad`).
 */
export interface SasrecShape {
  readonly d: number
  readonly layers: number
  readonly heads: number
  /**
   * The feed-forward: d x d with ReLU as printed, or as LLM-EDT's published program has it, through d/2 with GELU and
   * a LayerNorm of its own after. Absent: relu.
   */
  readonly ffn?: 'relu' | 'geluHalf'
}

/** Small enough to leave the published values alone; the two repositories use it. */
const EPSILON = 1e-8
/** Of the LayerNorm after the narrow feed-forward. */
const NARROW_EPSILON = 1e-12

/** Weights of one backbone under `prefix`: Xavier normal kernels, PyTorch's defaults for the rest. */
export function sasrecWeights (prefix: string, { d, layers, ffn }: SasrecShape, random: Random): Weights {
  const inner = ffn === 'geluHalf' ? Math.max(1, Math.floor(d / 2)) : d
  const weights: [string, Weight][] = []
  for (let layer = 0; layer < layers; layer++) {
    const at = `${prefix}.${layer}`
    weights.push(...layerNormWeights(`${at}.norm1`, d))
    weights.push(...attentionWeights(at, d, random))
    weights.push(...layerNormWeights(`${at}.norm2`, d))
    weights.push(...linearWeights(`${at}.ffn1`, d, inner, random), ...linearWeights(`${at}.ffn2`, inner, d, random))
    if (ffn === 'geluHalf') weights.push(...layerNormWeights(`${at}.norm3`, d))
  }
  return new Map([...weights, ...layerNormWeights(`${prefix}.norm`, d)])
}

/**
 * Every step's vector: x [B, L, d] (scaled, position added, after dropout) and mask [B, L] (1 real, 0 padding)
 * -> [B, L, d]. Sites of dropout are named after the weights. `sequences` as in `Ops.attentionBias`.
 */
export function sasrec<T> (
  ops: Ops<T>, prefix: string, shape: SasrecShape, x: T, mask: T, mode: MaskMode, sequences?: T
): T {
  const real = ops.columns(mask) // [B, L, 1]
  const bias = ops.attentionBias(mask, mode, sequences) // [B, 1, L, L]
  let steps = ops.mul(x, real)
  for (let layer = 0; layer < shape.layers; layer++) {
    steps = ops.mul(block(ops, `${prefix}.${layer}`, shape, steps, steps, bias), real)
  }
  return norm(ops, `${prefix}.norm`, steps, EPSILON)
}

/**
 * The user vector: what `sasrec` gives for the last step, [B, d], at less cost, since the last layer computes that step
 * alone.
 */
export function sasrecLast<T> (
  ops: Ops<T>, prefix: string, shape: SasrecShape, x: T, mask: T, mode: MaskMode
): T {
  const real = ops.columns(mask) // [B, L, 1]
  const bias = ops.attentionBias(mask, mode) // [B, 1, L, L]
  let steps = ops.mul(x, real)
  const top = shape.layers - 1
  for (let layer = 0; layer < top; layer++) {
    steps = ops.mul(block(ops, `${prefix}.${layer}`, shape, steps, steps, bias), real)
  }
  const end = ops.lastRow(steps) // [B, 1, d]
  const seen = block(ops, `${prefix}.${top}`, shape, end, steps, ops.lastRow(bias))
  return norm(ops, `${prefix}.norm`, ops.last(ops.mul(seen, ops.lastRow(real))), EPSILON) // [B, d]
}

/** One layer for the steps of `queries` [B, n, d], looking at `steps` [B, L, d] under bias [B, 1, n, L]. */
function block<T> (
  ops: Ops<T>, at: string, { d, heads, ffn }: SasrecShape, queries: T, steps: T, bias: T
): T {
  const normed = norm(ops, `${at}.norm1`, queries, EPSILON)
  const seen = attention(ops, at, { d, heads }, normed, steps, bias) // [B, n, d]
  const mixed = norm(ops, `${at}.norm2`, ops.add(normed, seen), EPSILON)
  const inner = linear(ops, `${at}.ffn1`, mixed)
  const hidden = ffn === 'geluHalf' ? ops.gelu(inner) : ops.dropout(ops.relu(inner), `${at}.ffn1`)
  const out = ops.add(mixed, ops.dropout(linear(ops, `${at}.ffn2`, hidden), `${at}.ffn2`))
  return ffn === 'geluHalf' ? norm(ops, `${at}.norm3`, out, NARROW_EPSILON) : out
}
