import { IsthmusError } from '../errors.ts'

/**
 * The tensor operations that model code is written against. `tfjs-ops.ts` runs them for training, `onnx-ops.ts`
 * records them as ONNX nodes for serving: there is no second definition of a model to drift.
 *
 * Axes: B batch, L length, d width, h heads. `T` is a tensor (tfjs) or the name of a value (ONNX).
 * Operations are coarse on purpose, so that each side can use its best form.
 */
export interface Ops<T> {
  /** A named weight; fails with `checkpoint_mismatch` if the model has none of that name. */
  weight: (name: string) => T
  /** Broadcasting arithmetic. */
  add: (a: T, b: T) => T
  sub: (a: T, b: T) => T
  mul: (a: T, b: T) => T
  scale: (x: T, factor: number) => T
  relu: (x: T) => T
  gelu: (x: T) => T
  sigmoid: (x: T) => T
  tanh: (x: T) => T
  /** [..., in] x [in, out] (+ [out]) -> [..., out]. */
  linear: (x: T, kernel: T, bias?: T) => T
  /** Batched product of two tensors of one rank; `transposeB` swaps the last two axes of b. */
  matMul: (a: T, b: T, transposeB?: boolean) => T
  /** Over the last axis. */
  softmax: (x: T) => T
  layerNorm: (x: T, gain: T, bias: T, epsilon: number) => T
  /** Each row of the last axis divided by its length; a zero row stays zero. */
  l2Normalize: (x: T) => T
  /** Rows of table [n, d] at integer indices [...]: [..., d]. */
  gather: (table: T, indices: T) => T
  /** Joins along the last axis. */
  concat: (parts: readonly T[]) => T
  /** mask [B, L] (1 real, 0 padding) -> [B, L, 1]. */
  columns: (mask: T) => T
  /**
   * mask [B, L] -> additive bias [B, 1, L, L] (or [1, 1, L, L] where it is the same for all): 0 where a row (query)
   * may look at a column (key), -1e9 where not. Where a row of the batch holds several sequences, `sequences` [B, L]
   * numbers them, and each keeps to itself (causal_pad and pad).
   */
  attentionBias: (mask: T, mode: MaskMode, sequences?: T) => T
  /**
   * Scaled dot products of queries [B, n, d] with keys [B, L, d] under bias [B or 1, 1, n, L], and the mean of values
   * [B, L, d] under their softmax, in `heads` parts of the width d: [B, n, d]. Shares are dropped at `site`.
   */
  attend: (parts: AttentionParts<T>, bias: T, shape: { d: number, heads: number, site: string }) => T
  /**
   * States of a gated recurrent unit of width h, gates in the order update, reset, candidate (as ONNX has them, reset
   * after the product): x [B, L, in] and mask [B, L] -> [B, L, h]. A step of padding leaves the state as it was, at the
   * start zero.
   */
  gru: (x: T, mask: T, h: number, weights: GruWeights<T>) => T
  /** [B, L] or [B, L, d] with one step more at the end, the same for all: a number, or [d]. */
  append: (x: T, step: T | number) => T
  /** positions [B, L] (integers) -> [B, L + 1]: one more at the end, by 1 larger than the last. */
  appendPosition: (positions: T) => T
  /** Identity outside training. `site` names the place, so that each has its own draws. */
  dropout: (x: T, site: string) => T
  /** [..., L, n] -> [..., 1, n]: the last row of the last two axes. */
  lastRow: (x: T) => T
  /** [B, L, d] -> [B, d]: the last step. */
  last: (x: T) => T
}

/**
 * causal_pad: the past and itself, padding keys off, the diagonal always on (a padding row stays finite); the output
 * does not depend on the amount of padding. pad: past and future, padding keys off, the diagonal always on; the same
 * independence. causal: the past and itself, padding included. none: everything.
 */
export type MaskMode = 'causal_pad' | 'pad' | 'causal' | 'none'

export interface AttentionParts<T> {
  readonly query: T
  readonly key: T
  readonly value: T
}

/** input: kernel [in, 3h], bias [3h]. hidden: kernel [h, 3h], bias [3h]. */
export interface GruWeights<T> {
  readonly input: { readonly kernel: T, readonly bias: T }
  readonly hidden: { readonly kernel: T, readonly bias: T }
}

/** Added to an update gate, it leaves nothing of the candidate: sigmoid gives 1 in float32, in any implementation. */
export const SHUT = 1e4

/** A weight as plain data, the form in which both interpreters, the optimiser and checkpoints hold it. */
export interface Weight {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export type Weights = ReadonlyMap<string, Weight>

/** The weight of that name; fails with `checkpoint_mismatch`, naming it, where there is none. */
export function namedWeight<W> (weights: ReadonlyMap<string, W>, name: string): W {
  const found = weights.get(name)
  if (found !== undefined) return found
  throw new IsthmusError('checkpoint_mismatch', `The model has no weight ${name}`, { place: { field: name } })
}
