import { differentiable } from './differentiable.ts'
import type { Tensor, Tf } from './tf.ts'

/**
 * The layers of training, each with the short form of its gradient: left to tfjs's tape, every addition, product and
 * gather costs reshapes, casts and transpositions of its own, a third of a step. A test holds each to the tape's.
 */

/** a + b of one shape: both get the gradient as it is. */
export function sum (tf: Tf, a: Tensor, b: Tensor): Tensor {
  // Clones, since the engine disposes gradients that it has added up.
  return differentiable(tf, { a, b }, () => tf.add(a, b), (dy) => ({ a: () => tf.clone(dy), b: () => tf.clone(dy) }))
}

/** x times a mask of its shape, which gets no gradient. */
export function masked (tf: Tf, x: Tensor, mask: () => Tensor): Tensor {
  return differentiable(tf, { x }, (save) => {
    const shares = mask()
    save(shares)
    return tf.mul(x, shares)
  }, (dy, [shares]) => ({ x: () => tf.mul(dy, shares!) }))
}

/** [..., in] x [in, out] + [out] -> [..., out]: one product over all rows; dx = dy Wᵀ, dW = xᵀ dy, db = sum of dy. */
export function linear (tf: Tf, x: Tensor, kernel: Tensor, bias?: Tensor): Tensor {
  const [inputs = 0, outputs = 0] = kernel.shape
  const shape = [...x.shape.slice(0, -1), outputs]
  return differentiable(tf, { x, kernel, ...(bias && { bias }) }, (save) => {
    const rows = flat(tf, x, inputs)
    save(rows, kernel)
    const product = tf.matMul(rows, kernel)
    return shaped(tf, bias === undefined ? product : tf.add(product, bias), shape)
  }, (dy, [rows, weights]) => {
    const dRows = flat(tf, dy, outputs)
    return {
      x: () => shaped(tf, tf.matMul(dRows, weights!, false, true), x.shape),
      kernel: () => tf.matMul(rows!, dRows, true),
      bias: () => sumOfRows(tf, dRows),
    }
  })
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) over the last axis, times gain, plus bias. With g = dy gain and s the
 * inverse deviation, dx = s (g - mean(g) - y mean(g y)) (Ba et al., 2016).
 */
export function layerNorm (tf: Tf, x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  return differentiable(tf, { x, gain, bias }, (save) => {
    const centred = tf.sub(x, tf.mean(x, -1, true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))
    const y = tf.mul(centred, inverse)
    save(y, inverse, gain)
    return tf.add(tf.mul(y, gain), bias)
  }, (dy, saved) => {
    const [y, inverse, factor] = saved as [Tensor, Tensor, Tensor]
    return {
      x: () => {
        const g = tf.mul(dy, factor)
        const along = tf.mul(y, tf.mean(tf.mul(g, y), -1, true))
        return tf.mul(inverse, tf.sub(tf.sub(g, tf.mean(g, -1, true)), along))
      },
      gain: () => sumOfRows(tf, tf.mul(dy, y)),
      bias: () => sumOfRows(tf, dy),
    }
  })
}

/** max(x, 0); tfjs's own gradient goes through `step`, which the native backend puts together from six operations. */
export function relu (tf: Tf, x: Tensor): Tensor {
  return differentiable(tf, { x }, (save) => {
    const value = tf.relu(x)
    save(value)
    return value
  }, (dy, [value]) => ({ x: () => tf.mul(dy, tf.cast(tf.greater(value!, 0), 'float32')) }))
}

/** Rows of table [n, d] at indices [...]: [..., d]; a row's gradient is the sum over the places that read it. */
export function gather (tf: Tf, table: Tensor, indices: Tensor): Tensor {
  const [rows = 0, width = 0] = table.shape
  return differentiable(tf, { table }, (save) => {
    save(indices)
    return tf.gather(table, indices)
  }, (dy, [places]) => ({
    table: () => tf.unsortedSegmentSum(flat(tf, dy, width), tf.reshape(places!, [-1]), rows),
  }))
}

const SMALLEST_SQUARE = 1e-16

/** x / |x| over the last axis; a row shorter than 1e-8 becomes zero and sends no gradient (1 / |x| would explode). */
export function l2Normalize (tf: Tf, x: Tensor): Tensor {
  return differentiable(tf, { x }, (save) => {
    const square = tf.sum(tf.square(x), -1, true)
    const real = tf.cast(tf.greater(square, SMALLEST_SQUARE), 'float32')
    const inverse = tf.mul(real, tf.rsqrt(tf.maximum(square, SMALLEST_SQUARE)))
    const value = tf.mul(x, inverse)
    save(value, inverse)
    return value
  }, (dy, saved) => {
    const [y, inverse] = saved as [Tensor, Tensor]
    return { x: () => tf.mul(inverse, tf.sub(dy, tf.mul(y, tf.sum(tf.mul(dy, y), -1, true)))) }
  })
}

/** [..., width] as rows, [n, width]. */
function flat (tf: Tf, x: Tensor, width: number): Tensor {
  return x.rank === 2 ? x : tf.reshape(x, [-1, width])
}

function shaped (tf: Tf, x: Tensor, shape: readonly number[]): Tensor {
  return shape.length === x.rank ? x : tf.reshape(x, [...shape])
}

/** [..., width] -> [width]. */
function sumOfRows (tf: Tf, x: Tensor): Tensor {
  return tf.sum(x, [...Array(x.rank - 1).keys()])
}
