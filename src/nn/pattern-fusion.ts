import { constant } from './init.ts'
import type { Ops, Weight, Weights } from './ops.ts'

/**
 * Sequential patterns of LLM-RecG (Eq. 16-21): a user vector y looks at k patterns, centres of source users' vectors,
 * by their cosines, and is joined with their mixture, g = W_f [y ; s~], without bias or temperature. W_f starts as
 * [I | 0], where g = y: patterns can only add to what is there.
 */
export function patternFusionWeights (prefix: string, k: number, d: number): Weights {
  const kernel = constant([2 * d, d], 0)
  for (let i = 0; i < d; i++) kernel.data[i * d + i] = 1
  return new Map([[patternsName(prefix), constant([k, d], 0)], [`${prefix}.fuse.kernel`, kernel]])
}

/** Where the patterns [k, d] of `prefix` stand among weights: k-means fills them, no gradient does. */
export function patternsName (prefix: string): string {
  return `${prefix}.patterns`
}

/** Patterns as a weight. @param centroids row-major [k, d] */
export function patternsWeight (centroids: ArrayLike<number>, d: number): Weight {
  return { shape: [centroids.length / d, d], data: Float32Array.from(centroids) }
}

/** y [B, d] -> g [B, d]. */
export function fusePatterns<T> (ops: Ops<T>, prefix: string, y: T): T {
  const patterns = ops.weight(patternsName(prefix)) // [k, d]
  const shares = ops.softmax(ops.matMul(ops.l2Normalize(y), ops.l2Normalize(patterns), true)) // [B, k]
  const mixture = ops.matMul(shares, patterns) // [B, d]
  return ops.linear(ops.concat([y, mixture]), ops.weight(`${prefix}.fuse.kernel`))
}
