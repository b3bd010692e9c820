import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf, type LoadedTf } from '../../src/nn/tf.ts'

const weights: Weights = new Map([
  ['a', { shape: [2], data: Float32Array.of(2, 3) }],
  ['b', { shape: [2], data: Float32Array.of(5, 7) }],
  ['unused', { shape: [1], data: Float32Array.of(1) }],
])

describe.each(['cpu', 'wasm'] as const)('a loss and its gradients on %s', (backend) => {
  let loaded: LoadedTf
  beforeAll(async () => {
    loaded = await loadTf(backend)
  })
  afterAll(() => loaded.close())

  it('come as plain numbers by name, without weights that the loss does not touch', () => {
    const { tf } = loaded
    const result = lossAndGradients(tf, weights, (leaves) => {
      const product = tf.sum(tf.mul(leaves.get('a')!, leaves.get('b')!))
      return { loss: tf.mul(product, 2), terms: new Map([['product', product]]) }
    })
    expect(result.loss).toBe(62)
    expect(result.terms).toEqual(new Map([['product', 31]]))
    expect(result.gradients).toEqual(new Map([['a', Float32Array.of(10, 14)], ['b', Float32Array.of(4, 6)]]))
  })

  it('leave no tensor behind, with a term that is the loss itself too', () => {
    const { tf } = loaded
    const before = tf.memory().numTensors
    const { loss, terms } = lossAndGradients(tf, weights, (leaves) => {
      const square = tf.sum(tf.square(leaves.get('a')!))
      return { loss: square, terms: new Map([['square', square]]) }
    })
    expect([loss, terms.get('square')]).toEqual([13, 13])
    expect(tf.memory().numTensors).toBe(before)
  })
})
