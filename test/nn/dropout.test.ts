import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDropout } from '../../src/nn/dropout.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'

interface Draw { epoch?: number, step?: number, site?: string, seed?: number, rate?: number, size?: number }

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('cpu')
})
afterAll(() => loaded.close())

/** What dropout makes of ones. */
function draw ({ epoch = 1, step = 0, site = 'here', seed = 5, rate = 0.25, size = 4000 }: Draw = {}): Float32Array {
  const { tf } = loaded
  const dropout = createDropout(tf, { rate, seed })
  dropout.at(epoch, step)
  const out = tf.tidy(() => (dropout.apply(tf.ones([size / 10, 10]) as Tensor, site).dataSync())) as Float32Array
  dropout.dispose()
  return out
}

describe('dropout', () => {
  it('zeroes a share of the elements and scales the rest, so that the mean stays', () => {
    const values = draw({ size: 100_000 })
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
    expect(values.filter((value) => value === 0).length / values.length).toBeCloseTo(0.25, 2)
  })

  it('repeats itself for one seed, epoch, step and site', () => {
    expect(draw()).toEqual(draw())
  })

  it.each<[string, Draw]>([
    ['epoch', { epoch: 2 }], ['step', { step: 1 }], ['site', { site: 'there' }], ['seed', { seed: 6 }],
  ])('draws anew for another %s', (_, other) => {
    expect(draw(other)).not.toEqual(draw())
  })

  it('leaves everything as it is at rate 0', () => {
    expect(new Set(draw({ rate: 0 }))).toEqual(new Set([1]))
  })

  it('sends no gradient to what it dropped', () => {
    const { tf } = loaded
    const dropout = createDropout(tf, { rate: 0.5, seed: 1 })
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((x: Tensor) => dropout.apply(x, 'here'))(tf.ones([50]), tf.ones([50]))
      expect(grad.dataSync()).toEqual(value.dataSync())
    })
    dropout.dispose()
  })

  it('gives its pool back', () => {
    const before = loaded.tf.memory().numTensors
    draw()
    draw({ size: 3_000_000 })
    expect(loaded.tf.memory().numTensors).toBe(before)
  })
})
