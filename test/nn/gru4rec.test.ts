import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gru4rec, gru4recLast, gru4recWeights } from '../../src/nn/gru4rec.ts'
import type { GruWeights, Ops, Weights } from '../../src/nn/ops.ts'
import { onnxOps } from '../../src/nn/onnx-ops.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, gruFromGolden, type GoldenGru, type Matrix } from './golden.ts'
import { runOnnx } from './onnx.ts'
import { expectClose, largestGap, leavesOf } from './tensors.ts'

const FLOAT32 = 1e-4
const H = 3

interface Case12 { ids: number[], x: Matrix, params: GoldenGru }
const case12 = golden<Case12, { hidden_skip_pad: Matrix, hidden_run_pad: Matrix, user: number[] }>(
  '12_gru_backbone_forward')
const { ids, x, params } = case12.inputs
const real = ids.map((id) => Number(id > 0))
const weights = gruFromGolden(params)

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('cpu')
})
afterAll(() => loaded.close())

function unit<T> (ops: Ops<T>): GruWeights<T> {
  return {
    input: { kernel: ops.weight('input.kernel'), bias: ops.weight('input.bias') },
    hidden: { kernel: ops.weight('hidden.kernel'), bias: ops.weight('hidden.bias') },
  }
}

describe('a gated recurrent unit', () => {
  /** States of one sequence, [L * h], in training and in serving. */
  async function states (rows: Matrix, mask: number[]): Promise<Float32Array[]> {
    const { tf } = loaded
    const trained = tf.tidy(() => {
      const ops = tfjsOps(tf, leavesOf(tf, weights))
      return ops.gru(tf.tensor3d([rows]), tf.tensor2d([mask]), H, unit(ops)).dataSync() as Float32Array
    })
    const ops = onnxOps('gru', weights)
    const input = ops.input('x', 'float32', ['B', 'L', 4])
    ops.output('out', ops.gru(input, ops.input('mask', 'bool', ['B', 'L']), H, unit(ops)), [])
    const outputs = await runOnnx(ops.build(), {
      x: { type: 'float32', data: rows.flat(), dims: [1, rows.length, 4] },
      mask: { type: 'bool', data: mask, dims: [1, rows.length] },
    })
    return [trained, outputs.get('out')!]
  }

  it('gives the golden states, padding skipped', async () => {
    for (const found of await states(x, real)) {
      expectClose(found, case12.expected.hidden_skip_pad, FLOAT32)
      expectClose(found.slice(-H), case12.expected.user, FLOAT32)
    }
  })

  it('gives the golden states of padding that is taken for real', async () => {
    for (const found of await states(x, real.map(() => 1))) {
      expectClose(found, case12.expected.hidden_run_pad, FLOAT32)
    }
  })

  it.each([0, 2, 190])('gives one last state with %i left pads of anything', async (pads) => {
    const rows = [...Array.from({ length: pads }, () => [9, -9, 9, 9]), ...x.slice(2)]
    for (const found of await states(rows, rows.map((_, i) => Number(i >= pads)))) {
      expectClose(found.slice(-H), case12.expected.user, 1e-6)
      expect(largestGap(found.slice(0, pads * H), new Float32Array(pads * H))).toBeLessThan(1e-6)
    }
  })

  it('has the golden gradients of its input and of every weight', () => {
    const { tf } = loaded
    interface Expected38 { loss: number, grad_x: Matrix, grad_params: GoldenGru }
    const { inputs: { w }, expected } = golden<{ w: number[] }, Expected38>('38_gru_backbone_gradient')
    tf.tidy(() => {
      const names = [...weights.keys()]
      const loss = (input: Tensor, ...leaves: Tensor[]): Tensor => {
        const ops = tfjsOps(tf, new Map(names.map((name, i) => [name, leaves[i]!])))
        return tf.sum(tf.mul(ops.last(ops.gru(input, tf.tensor2d([real]), H, unit(ops))), tf.tensor2d([w])))
      }
      const { value, grads } = tf.valueAndGrads((...all: Tensor[]) => loss(all[0]!, ...all.slice(1)).asScalar())(
        [tf.tensor3d([x]), ...leavesOf(tf, weights).values()])
      expectClose(value, [expected.loss], FLOAT32)
      expectClose(grads[0]!, expected.grad_x, FLOAT32)
      const wanted = gruFromGolden(expected.grad_params)
      for (const [i, name] of names.entries()) expectClose(grads[i + 1]!, wanted.get(name)!.data, FLOAT32)
    })
  })

  it('has the gradient of all its steps that differences give', () => {
    const { tf } = loaded
    const random = createRandom(4)
    const factors = Array.from({ length: 4 * H }, () => random.normal())
    const start = Float32Array.from({ length: 4 * 3 * H }, () => random.normal())
    const mask = tf.tensor2d([[0, 1, 1, 1]])
    const identity = new Map([...weights, ['input.kernel', {
      shape: [3 * H, 3 * H], data: Float32Array.from({ length: 9 * H * H }, (_, i) => Number(i % (3 * H + 1) === 0)),
    }] as const])
    const loss = (input: Tensor): Tensor => {
      const ops = tfjsOps(tf, leavesOf(tf, identity))
      return tf.sum(tf.mul(ops.gru(input, mask, H, unit(ops)), tf.tensor3d(factors, [1, 4, H])))
    }
    tf.tidy(() => {
      const of = (values: Float32Array): Tensor => tf.tensor3d(values, [1, 4, 3 * H])
      const found = tf.grad((input: Tensor) => loss(input).asScalar())(of(start)).dataSync()
      for (const i of start.keys()) {
        const moved = (by: number): number =>
          loss(of(start.map((value, j) => i === j ? value + by : value))).dataSync()[0]!
        expect(Math.abs(found[i]! - (moved(0.01) - moved(-0.01)) / 0.02)).toBeLessThan(2e-3)
      }
    })
    mask.dispose()
  })
})

describe('GRU4Rec', () => {
  const shape = { d: 4, layers: 2 }
  const drawn: Weights = gru4recWeights('g', shape, createRandom(3))

  function outputs (rows: Matrix, mask: number[], run = gru4rec): Float32Array {
    const { tf } = loaded
    return tf.tidy(() => run(tfjsOps(tf, leavesOf(tf, drawn)), 'g', shape, tf.tensor3d([rows]) as Tensor,
      tf.tensor2d([mask])).dataSync()) as Float32Array
  }

  it('sees no later step, and no padding', () => {
    const changed = x.map((row, i) => i === x.length - 1 ? row.map((value) => value + 1) : row)
    const [before, after] = [outputs(x, real), outputs(changed, real)]
    expect(after.slice(0, -4)).toEqual(before.slice(0, -4))
    expect(largestGap(after.slice(-4), before.slice(-4))).toBeGreaterThan(1e-3)
    expectClose(outputs(x.slice(2), [1, 1, 1]), before.slice(-12), 1e-6)
  })

  it('gives the last step alone the same vector, finite where all is padding', () => {
    for (const mask of [real, real.map(() => 0)]) {
      const last = outputs(x, mask, gru4recLast)
      expectClose(last, outputs(x, mask).slice(-4), 1e-6)
      expect(last.every(Number.isFinite)).toBe(true)
    }
  })

  it('starts with biases inside 1 / sqrt(d) and one Xavier kernel for the three gates', () => {
    const large = gru4recWeights('g', { d: 64, layers: 1 }, createRandom(1))
    const { shape, data } = large.get('g.0.hidden.kernel')!
    expect(shape).toEqual([64, 192])
    const square = data.reduce((sum, value) => sum + value * value, 0) / data.length
    expect(Math.sqrt(square)).toBeCloseTo(Math.sqrt(2 / 256), 2)
    expect(Math.max(...large.get('g.0.input.bias')!.data.map(Math.abs))).toBeLessThanOrEqual(1 / 8)
  })
})
