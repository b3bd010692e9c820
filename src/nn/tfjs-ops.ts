import type { Dropout } from './dropout.ts'
import { gruRecurrence } from './gru-recurrence.ts'
import { namedWeight, type MaskMode, type Ops, SHUT } from './ops.ts'
import type { Tensor, Tf } from './tf.ts'
import { attend } from './tfjs-attention.ts'
import { gather, l2Normalize, layerNorm, linear, relu, sum } from './tfjs-layers.ts'

const BARRED = -1e9

/**
 * Runs model code with TensorFlow.js. `leaves` are the weights as tensors, made and disposed by the caller; masks are
 * float32, indices int32. Without `dropout` the model is in evaluation mode. Call inside `tf.tidy`.
 */
export function tfjsOps (tf: Tf, leaves: ReadonlyMap<string, Tensor>, dropout?: Dropout): Ops<Tensor> {
  const recurrence = gruRecurrence(tf)
  const drop = (x: Tensor, site: string): Tensor => dropout === undefined ? x : dropout.apply(x, site)
  return {
    weight: (name) => namedWeight(leaves, name),
    add: (a, b) => String(a.shape) === String(b.shape) ? sum(tf, a, b) : tf.add(a, b),
    sub: (a, b) => tf.sub(a, b),
    mul: (a, b) => tf.mul(a, b),
    scale: (x, factor) => tf.mul(x, factor),
    relu: (x) => relu(tf, x),
    gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    sigmoid: (x) => tf.sigmoid(x),
    tanh: (x) => tf.tanh(x),
    linear: (x, kernel, bias) => linear(tf, x, kernel, bias),
    matMul: (a, b, transposeB = false) => tf.matMul(a, b, false, transposeB),
    softmax: (x) => tf.softmax(x),
    layerNorm: (x, gain, bias, epsilon) => layerNorm(tf, x, gain, bias, epsilon),
    l2Normalize: (x) => l2Normalize(tf, x),
    gather: (table, indices) => gather(tf, table, indices),
    concat: (parts) => tf.concat([...parts], -1),
    columns: (mask) => tf.expandDims(mask, -1),
    attentionBias: (mask, mode, sequences) => attentionBias(tf, mask, mode, sequences),
    attend: (parts, bias, { heads, site }) => attend(tf, parts, bias, heads, (shares) => drop(shares, site)),
    gru (x, mask, h, { input, hidden }) {
      const shut = tf.tensor1d(Float32Array.from({ length: 3 * h }, (_, i) => i < h ? SHUT : 0))
      const padding = tf.mul(tf.expandDims(tf.sub(1, mask), -1), shut) // [B, L, 3h]
      const gates = tf.add(linear(tf, x, input.kernel, input.bias), padding)
      return recurrence(gates, hidden.kernel, hidden.bias)
    },
    append (x, step) {
      const [batch = 0, , ...width] = x.shape
      const one = typeof step === 'number' ? tf.scalar(step) : step
      return tf.concat([x, tf.add(tf.zeros([batch, 1, ...width]), one)], 1)
    },
    appendPosition (positions) {
      const [batch = 0, length = 0] = positions.shape
      const end = tf.slice(positions, [0, length - 1], [batch, 1])
      return tf.concat([positions, tf.add(end, tf.scalar(1, 'int32'))], 1)
    },
    dropout: drop,
    lastRow (x) {
      const rows = x.shape.at(-2) ?? 0
      const begin = x.shape.map((_, axis) => axis === x.rank - 2 ? rows - 1 : 0)
      return tf.slice(x, begin, x.shape.map((length, axis) => axis === x.rank - 2 ? 1 : length))
    },
    last (x) {
      const [batch = 0, length = 0, width = 0] = x.shape
      return tf.reshape(tf.slice(x, [0, length - 1, 0], [batch, 1, width]), [batch, width])
    },
  }
}

/** As `Ops.attentionBias` says. */
function attentionBias (tf: Tf, mask: Tensor, mode: MaskMode, sequences?: Tensor): Tensor {
  const [batch = 0, length = 0] = mask.shape
  if (mode === 'none') return tf.zeros([1, 1, length, length])
  const steps = tf.range(0, length, 1, 'int32')
  const rows = tf.reshape(steps, [length, 1])
  const columns = tf.reshape(steps, [1, length])
  const past = tf.reshape(tf.lessEqual(columns, rows), [1, 1, length, length])
  if (mode === 'causal') return barred(tf, past)
  const real = tf.reshape(tf.greater(mask, 0), [batch, 1, 1, length])
  const itself = tf.reshape(tf.equal(columns, rows), [1, 1, length, length])
  const own = sequences === undefined ? real : tf.logicalAnd(real, neighbours(tf, sequences))
  return barred(tf, tf.logicalOr(mode === 'pad' ? own : tf.logicalAnd(past, own), itself))
}

/** [B, L] -> [B, 1, L, L]: whether two steps are of one sequence. */
function neighbours (tf: Tf, sequences: Tensor): Tensor {
  const [batch = 0, length = 0] = sequences.shape
  return tf.equal(tf.reshape(sequences, [batch, 1, length, 1]), tf.reshape(sequences, [batch, 1, 1, length]))
}

/** 0 where allowed, -1e9 where not. */
function barred (tf: Tf, allowed: Tensor): Tensor {
  return tf.mul(tf.sub(tf.cast(allowed, 'float32'), 1), -BARRED)
}
