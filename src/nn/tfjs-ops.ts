import type { Dropout } from './dropout.ts'
import { gruRecurrence } from './gru-recurrence.ts'
import { namedWeight, type MaskMode, type Ops, SHUT } from './ops.ts'
import type { Tensor, Tf } from './tf.ts'

const BARRED = -1e9

/**
 * Runs model code with TensorFlow.js. `leaves` are the weights as tensors, made and disposed by the caller; masks are
 * float32, indices int32. Without `dropout` the model is in evaluation mode. Call inside `tf.tidy`.
 */
export function tfjsOps (tf: Tf, leaves: ReadonlyMap<string, Tensor>, dropout?: Dropout): Ops<Tensor> {
  const standardised = standardise(tf)
  const unit = normalise(tf)
  const recurrence = gruRecurrence(tf)
  const linear: Ops<Tensor>['linear'] = (x, kernel, bias) => {
    const [inputs = 0, outputs = 0] = kernel.shape
    // Two axes: one large product, and the gradient of a product of unlike ranks does not exist in tfjs.
    const flat = tf.matMul(tf.reshape(x, [-1, inputs]), kernel)
    return tf.reshape(bias === undefined ? flat : tf.add(flat, bias), [...x.shape.slice(0, -1), outputs])
  }
  return {
    weight: (name) => namedWeight(leaves, name),
    add: (a, b) => tf.add(a, b),
    sub: (a, b) => tf.sub(a, b),
    mul: (a, b) => tf.mul(a, b),
    scale: (x, factor) => tf.mul(x, factor),
    relu: relu(tf),
    gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    sigmoid: (x) => tf.sigmoid(x),
    tanh: (x) => tf.tanh(x),
    linear,
    matMul: (a, b, transposeB = false) => tf.matMul(a, b, false, transposeB),
    softmax: (x) => tf.softmax(x),
    layerNorm: (x, gain, bias, epsilon) => tf.add(tf.mul(standardised(x, epsilon), gain), bias),
    l2Normalize: unit,
    gather: (table, indices) => tf.gather(table, indices),
    concat: (parts) => tf.concat([...parts], -1),
    splitHeads (x, heads) {
      const [batch = 0, length = 0, width = 0] = x.shape
      return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3])
    },
    mergeHeads (x) {
      const [batch = 0, heads = 0, length = 0, width = 0] = x.shape
      return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width])
    },
    columns: (mask) => tf.expandDims(mask, -1),
    attentionBias: (mask, mode) => attentionBias(tf, mask, mode),
    gru (x, mask, h, { input, hidden }) {
      const shut = tf.tensor1d(Float32Array.from({ length: 3 * h }, (_, i) => i < h ? SHUT : 0))
      const padding = tf.mul(tf.expandDims(tf.sub(1, mask), -1), shut) // [B, L, 3h]
      const gates = tf.add(linear(x, input.kernel, input.bias), padding)
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
    dropout: (x, site) => dropout === undefined ? x : dropout.apply(x, site),
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
function attentionBias (tf: Tf, mask: Tensor, mode: MaskMode): Tensor {
  const [batch = 0, length = 0] = mask.shape
  if (mode === 'none') return tf.zeros([1, 1, length, length])
  const steps = tf.range(0, length, 1, 'int32')
  const rows = tf.reshape(steps, [length, 1])
  const columns = tf.reshape(steps, [1, length])
  const past = tf.reshape(tf.lessEqual(columns, rows), [1, 1, length, length])
  if (mode === 'causal') return barred(tf, past)
  const real = tf.reshape(tf.greater(mask, 0), [batch, 1, 1, length])
  const itself = tf.reshape(tf.equal(columns, rows), [1, 1, length, length])
  return barred(tf, tf.logicalOr(mode === 'pad' ? real : tf.logicalAnd(past, real), itself))
}

/** 0 where allowed, -1e9 where not. */
function barred (tf: Tf, allowed: Tensor): Tensor {
  return tf.mul(tf.sub(tf.cast(allowed, 'float32'), 1), -BARRED)
}

/**
 * (x - mean) / sqrt(variance + epsilon) over the last axis, with the short form of its gradient: left to the tape it
 * costs 30 % of a step.
 */
function standardise (tf: Tf): (x: Tensor, epsilon: number) => Tensor {
  return (x, epsilon) => tf.customGrad((input, save) => {
    const source = input as Tensor
    const centred = tf.sub(source, tf.mean(source, -1, true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))
    const value = tf.mul(centred, inverse)
    ;(save as (tensors: Tensor[]) => void)([value, inverse])
    return {
      value,
      gradFunc (dy: Tensor, saved: Tensor[]) {
        const [y, scale] = saved as [Tensor, Tensor]
        const along = tf.mul(y, tf.mean(tf.mul(dy, y), -1, true))
        return tf.mul(scale, tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along))
      },
    }
  })(x)
}

/** max(x, 0); tfjs's own gradient goes through `step`, which the native backend puts together from six operations. */
function relu (tf: Tf): (x: Tensor) => Tensor {
  return (x) => tf.customGrad((input, save) => {
    const value = tf.relu(input as Tensor)
    ;(save as (tensors: Tensor[]) => void)([value])
    return { value, gradFunc: (dy: Tensor, [y]: Tensor[]) => tf.mul(dy, tf.cast(tf.greater(y!, 0), 'float32')) }
  })(x)
}

const SMALLEST_SQUARE = 1e-16

/** x / |x| over the last axis; a row shorter than 1e-8 becomes zero and sends no gradient (1 / |x| would explode). */
function normalise (tf: Tf): (x: Tensor) => Tensor {
  return (x) => tf.customGrad((input, save) => {
    const source = input as Tensor
    const square = tf.sum(tf.square(source), -1, true)
    const real = tf.cast(tf.greater(square, SMALLEST_SQUARE), 'float32')
    const inverse = tf.mul(real, tf.rsqrt(tf.maximum(square, SMALLEST_SQUARE)))
    const value = tf.mul(source, inverse)
    ;(save as (tensors: Tensor[]) => void)([value, inverse])
    return {
      value,
      gradFunc (dy: Tensor, saved: Tensor[]) {
        const [y, scale] = saved as [Tensor, Tensor]
        return tf.mul(scale, tf.sub(dy, tf.mul(y, tf.sum(tf.mul(dy, y), -1, true))))
      },
    }
  })(x)
}
