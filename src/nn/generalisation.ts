import { tfjsOps } from './tfjs-ops.ts'
import type { Tensor, Tf } from './tf.ts'

/**
 * The two terms of LLM-RecG's generalisation loss L_gen = -alpha L_intra + beta L_inter (Eq. 8-14), over item vectors
 * in groups, one a domain: [n_d, d] each, d the same in all.
 *
 * mean: means over items and domains, and a sign that *minimises* the entropy between domains, as the text of section
 * 3.2.1 and the published code do; the default. printed: Eq. 9, 11 and 13 to the letter, which sum, and with that sign
 * maximise it. The temperature divides cosines. Gradients flow through the centres.
 */
export type GeneralisationForm = 'mean' | 'printed'

/**
 * L_intra: how evenly each item of a domain is alike to all others of it, itself included (mean entropy); log n_d where
 * all of them point one way.
 */
export function intraDiversity (
  tf: Tf, groups: readonly Tensor[], temperature: number, form: GeneralisationForm
): Tensor {
  const entropies = groups.map((group) => {
    const unit = normalise(tf, group)
    return tf.mean(entropy(tf, tf.div(tf.matMul(unit, unit, false, true), temperature)))
  })
  const sum = tf.addN(entropies)
  return form === 'mean' ? tf.div(sum, Math.max(1, groups.length)) : sum
}

/**
 * L_inter: how evenly each item is near the centres of the *other* domains (mean entropy). With two domains there is
 * one other centre and nothing to choose: the term is exactly 0 and teaches nothing (see `interFallback`).
 */
export function interCompactness (
  tf: Tf, groups: readonly Tensor[], temperature: number, form: GeneralisationForm
): Tensor {
  if (groups.length < 2) return tf.scalar(0)
  const entropies = tf.concat(groups.map((group, d) =>
    entropy(tf, tf.div(tf.matMul(normalise(tf, group), centres(tf, groups, d), false, true), temperature))))
  return form === 'mean' ? tf.mean(entropies) : tf.neg(tf.sum(entropies))
}

/** Ours, where there are two domains only: how far each item is from the direction of the other's centre, in 0..2. */
export function interFallback (tf: Tf, groups: readonly Tensor[]): Tensor {
  const distances = groups.map((group, d) =>
    tf.sub(1, tf.matMul(normalise(tf, group), centres(tf, groups, d), false, true)))
  return tf.mean(tf.concat(distances.map((distance) => tf.reshape(distance, [-1]))))
}

/** beta / alpha = N / |D|^3 (Eq. 14), N the items of all groups. */
export function interShare (groups: readonly Tensor[]): number {
  return groups.reduce((sum, { shape }) => sum + shape[0]!, 0) / groups.length ** 3
}

/** Directions of the centres of all groups but one: [groups - 1, d]. */
function centres (tf: Tf, groups: readonly Tensor[], without: number): Tensor {
  const others = groups.filter((_, d) => d !== without)
  return normalise(tf, tf.stack(others.map((group) => tf.mean(group, 0) as Tensor)))
}

/** Entropy of the softmax of each row: [n, m] -> [n]. */
function entropy (tf: Tf, logits: Tensor): Tensor {
  const logs = tf.logSoftmax(logits)
  return tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), -1))
}

/** Rows of length 1; a zero row stays zero. */
function normalise (tf: Tf, rows: Tensor): Tensor {
  return tfjsOps(tf, new Map()).l2Normalize(rows)
}
