import type { Random } from '../random.ts'
import { constant, xavierNormal } from './init.ts'
import type { Ops, Weight } from './ops.ts'

/**
 * Weights of one attention under `at`: query, key and value drawn as one [d, 3d] kernel, as in PyTorch's attention,
 * whose biases start at 0.
 */
export function attentionWeights (at: string, d: number, random: Random): [string, Weight][] {
  return [
    ...['query', 'key', 'value'].flatMap((part): [string, Weight][] => [
      [`${at}.${part}.kernel`, xavierNormal([d, d], random, [d, 3 * d])],
      [`${at}.${part}.bias`, constant([d], 0)],
    ]),
    [`${at}.out.kernel`, xavierNormal([d, d], random)],
    [`${at}.out.bias`, constant([d], 0)],
  ]
}

/**
 * Multi-head attention (Vaswani et al., 2017): `queries` [B, n, d] look at `steps` [B, L, d] under bias [B, 1, n, L]
 * -> [B, n, d].
 */
export function attention<T> (
  ops: Ops<T>, at: string, { d, heads }: { readonly d: number, readonly heads: number }, queries: T, steps: T, bias: T
): T {
  const query = linear(ops, `${at}.query`, queries)
  const [key, value] = [linear(ops, `${at}.key`, steps), linear(ops, `${at}.value`, steps)]
  const seen = ops.attend({ query, key, value }, bias, { d, heads, site: `${at}.attention` }) // [B, n, d]
  return linear(ops, `${at}.out`, seen)
}

/** The linear layer of that name. */
export function linear<T> (ops: Ops<T>, name: string, x: T): T {
  return ops.linear(x, ops.weight(`${name}.kernel`), ops.weight(`${name}.bias`))
}

/** The layer norm of that name. */
export function norm<T> (ops: Ops<T>, name: string, x: T, epsilon: number): T {
  return ops.layerNorm(x, ops.weight(`${name}.gain`), ops.weight(`${name}.bias`), epsilon)
}
