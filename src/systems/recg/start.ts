import { namedWeight } from '../../nn/ops.ts'
import type { Weights } from '../../nn/ops.ts'
import type { Domain } from '../../data/dataset.ts'
import type { ItemTexts } from '../initial-weights.ts'
import { PROJECTIONS } from '../item-tower.ts'

/**
 * Takes what all texts of the sources share out of the projections at their start: biases become minus the projected
 * mean. Texts of one template share most of their length, and vectors that nearly all point one way leave dropout and
 * the first steps of training more to say than the items themselves have. It moves no weight that is not trained.
 */
export function centreProjections (weights: Weights, texts: ItemTexts, sources: readonly Domain[]): void {
  const mean = meanText(texts, sources)
  for (const part of ['rec', 'gen']) {
    if (!weights.has(`${PROJECTIONS}.${part}.kernel`)) continue
    const { shape: [, width = 0], data } = namedWeight(weights, `${PROJECTIONS}.${part}.kernel`)
    const bias = namedWeight(weights, `${PROJECTIONS}.${part}.bias`).data
    for (let o = 0; o < width; o++) bias[o] = -mean.reduce((sum, value, i) => sum + value * data[i * width + o]!, 0)
  }
  weights.get(`${PROJECTIONS}.merge.bias`)?.data.fill(0)
}

/**
 * Makes sasrec's blocks add nothing at their start: a user's vector begins as the direction of the last item, so that
 * training begins at recommending what is like it, which holds in every domain, and not at noise.
 */
export function quietBlocks (weights: Weights): void {
  for (const [name, { data }] of weights) if (/\.\d+\.(out|ffn2)\.(kernel|bias)$/.test(name)) data.fill(0)
}

function meanText ({ width, rows }: ItemTexts, sources: readonly Domain[]): Float64Array {
  const mean = new Float64Array(width)
  const count = sources.reduce((sum, { size }) => sum + size, 0)
  for (const { offset, size } of sources) {
    for (let at = offset * width; at < (offset + size) * width; at++) mean[at % width]! += rows[at]! / count
  }
  return mean
}
