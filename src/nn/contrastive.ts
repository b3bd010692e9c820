import { logSumExp } from './losses.ts'
import type { Tensor, Tf } from './tf.ts'
import { l2Normalize } from './tfjs-layers.ts'

/**
 * dcl: cosine, the positive left out of the denominator, as LLM4CDSR Eq. 6 is printed, so the value may be negative.
 * infonce: the same with the positive in it. soft: the published program's form.
 */
export type Contrastive = 'dcl' | 'infonce' | 'soft'

/**
 * How far the pairs a_i, b_i (rows of [Z, d]) are from being each other's nearest, at a temperature. dcl and infonce
 * sum the two directions, soft averages them; each is a mean over pairs. Fewer than two pairs give 0; a zero row has
 * cosine 0 with every other.
 */
export function contrastiveLoss (tf: Tf, form: Contrastive, a: Tensor, b: Tensor, temperature: number): Tensor {
  const [pairs = 0] = a.shape
  if (pairs < 2) return tf.scalar(0)
  if (form === 'soft') return softLoss(tf, a, b, temperature)
  const similarity = tf.div(tf.matMul(l2Normalize(tf, a), l2Normalize(tf, b), false, true), temperature) // [Z, Z]
  const own = tf.eye(pairs)
  const positive = tf.sum(tf.mul(similarity, own), -1) // [Z]
  const others = form === 'dcl' ? tf.sub(similarity, tf.mul(own, OUT)) : similarity
  const direction = (logits: Tensor): Tensor => tf.mean(tf.sub(logSumExp(tf, logits), positive))
  return tf.add(direction(others), direction(tf.transpose(others)))
}

const OUT = 1e9

/**
 * Dot products as logits; targets are the softmax of the mean of both sides' own similarities, times the temperature
 * (where the logits are divided by it); the second direction uses the transposed targets.
 */
function softLoss (tf: Tf, a: Tensor, b: Tensor, temperature: number): Tensor {
  const own = tf.add(tf.matMul(a, a, false, true), tf.matMul(b, b, false, true))
  const targets = tf.softmax(tf.mul(own, temperature / 2)) as Tensor // [Z, Z]
  const logits = tf.div(tf.matMul(a, b, false, true), temperature)
  const direction = (wanted: Tensor, given: Tensor): Tensor =>
    tf.mean(tf.sub(tf.mul(logSumExp(tf, given), tf.sum(wanted, -1)), tf.sum(tf.mul(wanted, given), -1)))
  return tf.div(tf.add(direction(targets, logits), direction(tf.transpose(targets), tf.transpose(logits))), 2)
}
