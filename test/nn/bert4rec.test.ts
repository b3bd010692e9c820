import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bert4rec, bert4recLast, bert4recWeights } from '../../src/nn/bert4rec.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, layerFromGolden, type GoldenLayer, type Matrix } from './golden.ts'
import { expectClose, largestGap, leavesOf } from './tensors.ts'

interface Case13 { ids: number[], x: Matrix, heads: number, params: GoldenLayer }
const case13 = golden<Case13, { y_nonpad_rows: Matrix }>('13_bert4rec_block_forward')
const { ids, x, heads, params } = case13.inputs
const real = ids.map((id) => Number(id > 0))
const weights = new Map(layerFromGolden('b.0', params))
const shape = { d: 4, layers: 1, heads }

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('cpu')
})
afterAll(() => loaded.close())

function outputs (rows: Matrix, mask: number[], run = bert4rec): Float32Array {
  const { tf } = loaded
  return tf.tidy(() => run(tfjsOps(tf, leavesOf(tf, weights)), 'b', shape, tf.tensor3d([rows]) as Tensor,
    tf.tensor2d([mask])).dataSync()) as Float32Array
}

describe('BERT4Rec', () => {
  it('gives the golden outputs of its block', () => {
    expectClose(outputs(x, real).slice(8), case13.expected.y_nonpad_rows, 1e-4)
  })

  it('sees later steps: changing the last one moves those before', () => {
    const changed = x.map((row, i) => i === x.length - 1 ? row.map((value) => -value) : row)
    expect(largestGap(outputs(changed, real).slice(8, 12), outputs(x, real).slice(8, 12))).toBeGreaterThan(0.01)
  })

  it.each([0, 2, 190])('gives one last vector with %i left pads', (pads) => {
    const rows = [...Array.from({ length: pads }, () => [9, -9, 9, 9]), ...x.slice(2)]
    const padded = outputs(rows, rows.map((_, i) => Number(i >= pads)))
    expectClose(padded.slice(-4), case13.expected.y_nonpad_rows.at(-1)!, 1e-4)
    expectClose(padded.slice(-4), outputs(x.slice(2), [1, 1, 1]).slice(-4), 1e-5)
  })

  it('gives the last step alone the same vector, finite where all is padding', () => {
    for (const mask of [real, real.map(() => 0)]) {
      const last = outputs(x, mask, bert4recLast)
      expectClose(last, outputs(x, mask).slice(-4), 1e-6)
      expect(last.every(Number.isFinite)).toBe(true)
    }
  })

  it('has the gradients that differences give, of its input and of every weight', () => {
    const { tf } = loaded
    const random = createRandom(5)
    const names = [...weights.keys()]
    const factors = tf.tensor3d([x.map((row) => row.map(() => random.normal()))])
    const loss = (input: Tensor, ...leaves: Tensor[]): Tensor => {
      const ops = tfjsOps(tf, new Map(names.map((name, i) => [name, leaves[i]!])))
      return tf.sum(tf.mul(bert4rec(ops, 'b', shape, input, tf.tensor2d([real])), factors))
    }
    tf.tidy(() => {
      const start = [tf.tensor3d([x]), ...leavesOf(tf, weights).values()]
      const { grads } = tf.valueAndGrads((...all: Tensor[]) => loss(all[0]!, ...all.slice(1)).asScalar())(start)
      for (const [i, gradient] of grads.entries()) {
        // Along one random direction: all elements at once.
        const way = tf.tensor(Float32Array.from({ length: gradient.size }, () => random.normal()), gradient.shape)
        const moved = (by: number): number => tf.tidy(() => {
          const [input, ...leaves] = start.map((tensor, j) => i === j ? tf.add(tensor, tf.mul(way, by)) : tensor)
          return loss(input!, ...leaves).dataSync()[0]!
        })
        const slope = tf.sum(tf.mul(gradient, way)).dataSync()[0]!
        expect(Math.abs(slope - (moved(1e-2) - moved(-1e-2)) / 2e-2)).toBeLessThan(0.01 * Math.max(1, Math.abs(slope)))
      }
    })
    factors.dispose()
  })

  it('has the weights that the golden block has', () => {
    const drawn = bert4recWeights('b', shape, createRandom(1))
    expect([...drawn.keys()].sort()).toEqual([...weights.keys()].sort())
    for (const [name, weight] of weights) expect(drawn.get(name)!.shape).toEqual(weight.shape)
  })
})
