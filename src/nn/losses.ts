import type { Tensor, Tf } from './tf.ts'

/** Over the steps of a batch; a batch without any gives 0. */
export type Reduction = 'sum' | 'mean'

/**
 * BPR: -log sigma(positive - negative) over S steps with logits [S] each (LLM4CDSR Eq. 4, which sums), or with n
 * negatives a step [S, n], over all S * n pairs (LLM-RecG Eq. 6).
 */
export function bprLoss (tf: Tf, positive: Tensor, negative: Tensor, reduction: Reduction): Tensor {
  const wanted = negative.rank === 1 ? positive : tf.expandDims(positive, -1)
  return reduce(tf, tf.softplus(tf.sub(negative, wanted)), reduction)
}

/** Binary cross-entropy as the published program has it: -log sigma(positive) - log sigma(-negative), logits [S]. */
export function bceLoss (tf: Tf, positive: Tensor, negative: Tensor, reduction: Reduction): Tensor {
  return reduce(tf, tf.add(tf.softplus(tf.neg(positive)), tf.softplus(negative)), reduction)
}

/**
 * Softmax of the target among shared negatives: positive [S], negative [S, n], and `clash` [S] (1 where the step's own
 * target is among the negatives, where it is counted once; see `clashes`). The negatives are distinct and drawn
 * uniformly, so their logits need no correction.
 */
export function softmaxLoss (
  tf: Tf, { positive, negative, clash }: { positive: Tensor, negative: Tensor, clash: Tensor }, reduction: Reduction
): Tensor {
  // Joined after the sum over the negatives: a mask or a column more would cost another pass over [S, n].
  const all = logSumExp(tf, negative)
  const own = tf.mul(tf.sub(1, clash), tf.softplus(tf.sub(positive, all)))
  return reduce(tf, tf.add(tf.sub(all, positive), own), reduction)
}

/** [S]: 1 where a step's target is one of the negatives, given both as any ids of items. */
export function clashes (tf: Tf, targets: Int32Array, negatives: Int32Array): Tensor {
  const drawn = new Set(negatives)
  return tf.tensor1d(Float32Array.from(targets, (target) => drawn.has(target) ? 1 : 0))
}

/** Eq. 8: the weighted sum of the terms. */
export function totalLoss (tf: Tf, terms: ReadonlyArray<{ readonly weight: number, readonly value: Tensor }>): Tensor {
  return terms.reduce<Tensor>((total, { weight, value }) => tf.add(total, tf.mul(value, weight)), tf.scalar(0))
}

/** log of the sum of exp over the last axis; its gradient is the softmax, from what the forward pass had anyway. */
export function logSumExp (tf: Tf, x: Tensor): Tensor {
  return tf.customGrad((input, save) => {
    const source = input as Tensor
    const largest = tf.max(source, -1, true)
    const powers = tf.exp(tf.sub(source, largest))
    const sum = tf.sum(powers, -1, true)
    ;(save as (tensors: Tensor[]) => void)([powers, sum])
    return {
      value: tf.squeeze(tf.add(largest, tf.log(sum)), [-1]),
      gradFunc (dy: Tensor, saved: Tensor[]) {
        const [parts, whole] = saved as [Tensor, Tensor]
        return tf.mul(parts, tf.div(tf.expandDims(dy, -1), whole))
      },
    }
  })(x)
}

function reduce (tf: Tf, values: Tensor, reduction: Reduction): Tensor {
  const sum = tf.sum(values)
  return reduction === 'sum' ? sum : tf.div(sum, Math.max(1, values.size))
}
