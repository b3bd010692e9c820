import type { Random } from '../random.ts'
import { linear } from './attention.ts'
import { constant, linearWeights } from './init.ts'
import type { Ops, Weights } from './ops.ts'

/**
 * The adapter that LLM-EDT puts after a frozen backbone, one a domain. linear (Eq. 10, as printed):
 * W3 (W4 h + b4) + b3. residualRelu (the published program): h + W3 drop(relu(W4 h + b4)) + b3.
 */
export type BottleneckForm = 'linear' | 'residualRelu'

/**
 * Weights d -> middle -> d under `prefix`. `start: zero` leaves the second layer at nothing, so that the linear form
 * adds nothing and the residual one is h itself.
 */
export function bottleneckWeights (
  prefix: string, d: number, middle: number, random: Random, start: 'zero' | 'random'
): Weights {
  const down = linearWeights(`${prefix}.down`, d, middle, random)
  const up = linearWeights(`${prefix}.up`, middle, d, random)
  return new Map([
    ...down, ...start === 'random' ? up : up.map(([name, { shape }]) => [name, constant(shape, 0)] as const),
  ])
}

/** h [..., d] -> [..., d]. */
export function bottleneck<T> (ops: Ops<T>, prefix: string, form: BottleneckForm, h: T): T {
  const down = linear(ops, `${prefix}.down`, h)
  if (form === 'linear') return linear(ops, `${prefix}.up`, down)
  return ops.add(h, linear(ops, `${prefix}.up`, ops.dropout(ops.relu(down), `${prefix}.down`)))
}
