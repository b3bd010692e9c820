import type { Random } from '../random.ts'
import type { Weight } from './ops.ts'

/** A weight filled by `value`, in row-major order. */
function filled (shape: readonly number[], value: () => number): Weight {
  const size = shape.reduce((product, length) => product * length, 1)
  return { shape, data: Float32Array.from({ length: size }, value) }
}

/** All `value`, e.g. 1 for the gain of a layer norm. */
export function constant (shape: readonly number[], value: number): Weight {
  return filled(shape, () => value)
}

/**
 * Normal with deviation sqrt(2 / (fanIn + fanOut)) (Glorot and Bengio, 2010): every weight of two axes or more that is
 * not filled from data. The fans are those of the shape unless the weight is a part of a larger one.
 */
export function xavierNormal (
  shape: readonly [number, number], random: Random, fans: readonly [number, number] = shape
): Weight {
  const deviation = Math.sqrt(2 / (fans[0] + fans[1]))
  return filled(shape, () => deviation * random.normal())
}

/** A linear layer [in, out] under `name`.kernel and `name`.bias; the bias uniform in +-1 / sqrt(in), as in PyTorch. */
export function linearWeights (name: string, inputs: number, outputs: number, random: Random): [string, Weight][] {
  const bound = 1 / Math.sqrt(inputs)
  return [
    [`${name}.kernel`, xavierNormal([inputs, outputs], random)],
    [`${name}.bias`, filled([outputs], () => bound * (2 * random.next() - 1))],
  ]
}

/** A layer norm of width d under `name`.gain and `name`.bias. */
export function layerNormWeights (name: string, d: number): [string, Weight][] {
  return [[`${name}.gain`, constant([d], 1)], [`${name}.bias`, constant([d], 0)]]
}
