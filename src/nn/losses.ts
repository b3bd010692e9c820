import type { Tensor, Tf } from './tf.ts'

/** Over the steps of a batch; a batch without any gives 0. */
export type Reduction = 'sum' | 'mean'

/** BPR: -log sigma(positive - negative) over S steps with logits [S] each (LLM4CDSR Eq. 4, which sums). */
export function bprLoss (tf: Tf, positive: Tensor, negative: Tensor, reduction: Reduction): Tensor {
  return reduce(tf, tf.softplus(tf.sub(negative, positive)), reduction)
}

/** Binary cross-entropy as the published program has it: -log sigma(positive) - log sigma(-negative), logits [S]. */
export function bceLoss (tf: Tf, positive: Tensor, negative: Tensor, reduction: Reduction): Tensor {
  return reduce(tf, tf.add(tf.softplus(tf.neg(positive)), tf.softplus(negative)), reduction)
}

/**
 * Softmax of the target among shared negatives: positive [S], negative [S, n], and `clash` [S, n] (1 where the negative
 * is the step's own target, which then does not count; see `clashes`). The negatives are drawn uniformly, so their
 * logits need no correction.
 */
export function softmaxLoss (
  tf: Tf, { positive, negative, clash }: { positive: Tensor, negative: Tensor, clash: Tensor }, reduction: Reduction
): Tensor {
  const target = tf.expandDims(positive, -1)
  const others = tf.sub(negative, tf.mul(clash, OUT))
  return reduce(tf, tf.sub(logSumExp(tf, tf.concat([target, others], -1)), positive), reduction)
}

/** [S, n]: 1 where negative j is the target of step s, given both as any ids of items. */
export function clashes (tf: Tf, targets: Int32Array, negatives: Int32Array): Tensor {
  const steps = tf.tensor2d(targets, [targets.length, 1], 'int32')
  return tf.cast(tf.equal(steps, tf.tensor2d(negatives, [1, negatives.length], 'int32')), 'float32')
}

/** Eq. 8: the weighted sum of the terms. */
export function totalLoss (tf: Tf, terms: ReadonlyArray<{ readonly weight: number, readonly value: Tensor }>): Tensor {
  return terms.reduce<Tensor>((total, { weight, value }) => tf.add(total, tf.mul(value, weight)), tf.scalar(0))
}

/** Taken from a logit, this leaves nothing of it after exp. */
const OUT = 1e9

/** log of the sum of exp over the last axis; its gradient is the softmax, kept from the forward pass. */
export function logSumExp (tf: Tf, x: Tensor): Tensor {
  return tf.customGrad((input, save) => {
    const source = input as Tensor
    const largest = tf.max(source, -1, true)
    const powers = tf.exp(tf.sub(source, largest))
    const sum = tf.sum(powers, -1, true)
    ;(save as (tensors: Tensor[]) => void)([tf.div(powers, sum)])
    return {
      value: tf.squeeze(tf.add(largest, tf.log(sum)), [-1]),
      gradFunc: (dy: Tensor, [share]: Tensor[]) => tf.mul(share!, tf.expandDims(dy, -1)),
    }
  })(x)
}

function reduce (tf: Tf, values: Tensor, reduction: Reduction): Tensor {
  const sum = tf.sum(values)
  return reduction === 'sum' ? sum : tf.div(sum, Math.max(1, values.size))
}
