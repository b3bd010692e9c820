import { differentiable } from './differentiable.ts'
import type { Tensor, Tf } from './tf.ts'

/**
 * O = D(P) V with P = softmax(Q Kᵀ / sqrt(d/h) + bias) and dropout D, over heads: queries [B, n, d], keys and values
 * [B, L, d], bias [B or 1, 1, n, L] -> [B, n, d]. Its gradient by hand: with T = dO Vᵀ * D(P), which is dP * P whatever
 * was dropped, dS = T - P rowsum(T), dQ = dS K / sqrt(d/h), dK = dSᵀ Q / sqrt(d/h), dV = D(P)ᵀ dO.
 */
export function attend (
  tf: Tf, { query, key, value }: { readonly query: Tensor, readonly key: Tensor, readonly value: Tensor }, bias: Tensor,
  heads: number, dropout: (shares: Tensor) => Tensor
): Tensor {
  const factor = Math.sqrt(heads / query.shape.at(-1)!)
  return differentiable(tf, { query, key, value }, (save) => {
    const [q, k, v] = [query, key, value].map((x) => split(tf, x, heads)) as [Tensor, Tensor, Tensor]
    const scores = tf.mul(tf.matMul(q, k, false, true), factor) // [B, (h,) n, L]
    const shares = tf.softmax(tf.add(scores, heads === 1 ? tf.squeeze(bias, [1]) : bias))
    const kept = dropout(shares)
    save(q, k, v, shares, kept)
    return merge(tf, tf.matMul(kept, v), heads)
  }, (dy, saved) => {
    const [q, k, v, shares, kept] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor]
    const [dQuery, dKey, dValue] = tf.tidy(() => {
      const d = split(tf, dy, heads)
      const both = tf.mul(tf.matMul(d, v, false, true), kept)
      const dScores = tf.mul(tf.sub(both, tf.mul(shares, tf.sum(both, -1, true))), factor)
      return [tf.matMul(dScores, k), tf.matMul(dScores, q, true), tf.matMul(kept, d, true)]
        .map((x) => merge(tf, x, heads)) as [Tensor, Tensor, Tensor]
    })
    return { query: () => dQuery, key: () => dKey, value: () => dValue }
  })
}

/** [B, L, d] -> [B, h, L, d/h]; one head is left as it is. */
function split (tf: Tf, x: Tensor, heads: number): Tensor {
  if (heads === 1) return x
  const [batch = 0, length = 0, width = 0] = x.shape
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3])
}

/** Back again. */
function merge (tf: Tf, x: Tensor, heads: number): Tensor {
  if (heads === 1) return x
  const [batch = 0, , length = 0, width = 0] = x.shape
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width])
}
