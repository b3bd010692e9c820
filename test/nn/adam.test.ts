import { describe, expect, it } from 'vitest'
import { createAdam } from '../../src/nn/adam.ts'
import { createRandom } from '../../src/random.ts'

const random = createRandom(3)
const normals = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal())

describe('Adam', () => {
  it('moves by the learning rate against the sign of a first gradient, whatever its size', () => {
    const adam = createAdam({ learningRate: 0.1 })
    const data = Float32Array.of(1, 1, 1)
    adam.begin()
    adam.dense('w', data, Float32Array.of(1e-3, -50, 0))
    expect([...data].map((value) => Number(value.toFixed(4)))).toEqual([0.9, 1.1, 1])
  })

  it('follows the published update over several steps', () => {
    const adam = createAdam({ learningRate: 0.01, beta1: 0.9, beta2: 0.98 })
    const data = Float32Array.of(0.5)
    let [weight, mean, square] = [0.5, 0, 0]
    for (let t = 1; t <= 20; t++) {
      const gradient = Math.fround(Math.sin(t))
      mean = 0.9 * mean + 0.1 * gradient
      square = 0.98 * square + 0.02 * gradient ** 2
      weight -= 0.01 * (mean / (1 - 0.9 ** t)) / (Math.sqrt(square / (1 - 0.98 ** t)) + 1e-8)
      adam.begin()
      adam.dense('w', data, Float32Array.of(gradient))
    }
    expect(data[0]).toBeCloseTo(weight, 6)
  })

  it('with a weight decay takes a share off every weight, whatever its gradient was (AdamW)', () => {
    const decay = { learningRate: 0.1, weightDecay: 0.5 }
    const [plain, decayed] = [createAdam({ learningRate: 0.1 }), createAdam(decay)]
    const [left, right] = [Float32Array.of(0, 0), Float32Array.of(2, -4)]
    for (const [adam, data] of [[plain, left], [decayed, right]] as const) {
      adam.begin()
      adam.dense('w', data, Float32Array.of(3, 0))
    }
    expect(right[0]).toBeCloseTo(2 * 0.95 + left[0]!, 6)
    expect(right[1]).toBeCloseTo(-4 * 0.95, 6)
    expect(decayed.state().moments.get('w')).toEqual(plain.state().moments.get('w'))
  })

  it('moves rows, in any order, as it would move the whole table, when every row has a gradient', () => {
    const [whole, rows] = [createAdam(), createAdam()]
    const table = normals(12)
    const copy = table.slice()
    const order = [2, 0, 1, 3]
    for (let t = 0; t < 3; t++) {
      const gradient = normals(12)
      whole.begin()
      whole.dense('t', table, gradient)
      rows.begin()
      const named = order.flatMap((r) => [...gradient.slice(3 * r, 3 * r + 3)])
      rows.sparse('t', copy, order, Float32Array.from(named))
    }
    expect(copy).toEqual(table)
  })

  it('leaves rows that are not named, and their moments, as they are', () => {
    const adam = createAdam()
    const table = normals(9)
    adam.begin()
    adam.sparse('t', table, [0, 1, 2], normals(9))
    const kept = table.slice(0, 3)
    const { mean } = adam.state().moments.get('t')!
    const keptMean = mean.slice(0, 3)
    adam.begin()
    adam.sparse('t', table, [1], normals(3))
    expect(table.slice(0, 3)).toEqual(kept)
    expect(mean.slice(0, 3)).toEqual(keptMean)
  })

  it('continues from a state to the bit', () => {
    const gradients = Array.from({ length: 6 }, () => normals(4))
    const run = (stopAfter: number): Float32Array => {
      const data = Float32Array.of(1, 2, 3, 4)
      let adam = createAdam()
      for (const [t, gradient] of gradients.entries()) {
        if (t === stopAfter) adam = createAdam({}, structuredClone(adam.state()))
        adam.begin()
        adam.dense('w', data, gradient)
      }
      return data
    }
    expect(run(3)).toEqual(run(-1))
  })
})
