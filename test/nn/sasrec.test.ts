import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MaskMode } from '../../src/nn/ops.ts'
import { sasrec, sasrecLast, sasrecWeights } from '../../src/nn/sasrec.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, sasrecFromGolden, type GoldenSasrec, type Matrix } from './golden.ts'
import { expectClose, largestGap, leavesOf } from './tensors.ts'

const FLOAT32 = 1e-4

interface Case10 { ids: number[], x: Matrix, x_changed_last: Matrix, heads: number, params: GoldenSasrec }
const case10 = golden<Case10, Record<string, Matrix>>('10_sasrec_backbone_forward')
const { ids, x, heads, params } = case10.inputs
const weights = sasrecFromGolden('mixed', params)
const shape = { d: 4, layers: 2, heads }

describe('SASRec', () => {
  let loaded: LoadedTf
  beforeAll(async () => {
    loaded = await loadTf('cpu')
  })
  afterAll(() => loaded.close())

  /** [L * d] outputs of one sequence in evaluation mode. */
  function outputs (rows: Matrix, mask: readonly number[], mode: MaskMode, run = sasrec): Float32Array {
    const { tf } = loaded
    return tf.tidy(() => {
      const ops = tfjsOps(tf, leavesOf(tf, weights))
      return run(ops, 'mixed', shape, tf.tensor3d([rows]) as Tensor, tf.tensor2d([[...mask]]), mode).dataSync()
    }) as Float32Array
  }
  const real = ids.map((id) => Number(id > 0))

  it.each([['causal_pad', 'causal_pad'], ['causal', 'causal'], ['none', 'official_no_mask']] as const)(
    'gives the golden outputs under mask mode %s', (mode, expected) => {
      expectClose(outputs(x, real, mode), case10.expected[expected]!, FLOAT32)
    })

  it('sees no later step: changing the last one leaves earlier outputs equal to the bit', () => {
    const changed = outputs(case10.inputs.x_changed_last, real, 'causal_pad')
    expectClose(changed, case10.expected.causal_pad_changed_last!, FLOAT32)
    expect(changed.slice(0, 16)).toEqual(outputs(x, real, 'causal_pad').slice(0, 16))
    expect(largestGap(changed.slice(16), outputs(x, real, 'causal_pad').slice(16))).toBeGreaterThan(0.01)
  })

  it.each([0, 2, 190])('gives one user vector with %i left pads', (pads) => {
    const rows = [...Array.from({ length: pads }, () => [9, -9, 9, 9]), ...x.slice(2)]
    const padded = outputs(rows, rows.map((_, i) => Number(i >= pads)), 'causal_pad')
    expectClose(padded.slice(-4), case10.expected.causal_pad_without_padding!.at(-1)!, FLOAT32)
    expectClose(padded.slice(-4), outputs(x.slice(2), [1, 1, 1], 'causal_pad').slice(-4), 1e-5)
  })

  it('gives sequences that share a row the outputs that they have alone', () => {
    const { tf } = loaded
    const [first, second] = [x.slice(2), x.slice(3)] // of three steps and of two
    const alone = [first, second].flatMap((rows) => [...outputs(rows, rows.map(() => 1), 'causal_pad')])
    const shared = tf.tidy(() => sasrec(tfjsOps(tf, leavesOf(tf, weights)), 'mixed', shape,
      tf.tensor3d([[x[0]!, ...first, ...second]]) as Tensor, tf.tensor2d([[0, 1, 1, 1, 1, 1]]), 'causal_pad',
      tf.tensor2d([[0, 1, 1, 1, 2, 2]], [1, 6], 'int32')).dataSync()) as Float32Array
    expectClose(shared.slice(4), Float32Array.from(alone), 1e-6)
  })

  it('stays finite without a real step: the bias of the last layer norm', () => {
    expectClose(outputs(x, [0, 0, 0, 0, 0], 'causal_pad').slice(-4), case10.expected.empty_sequence_output!, FLOAT32)
  })

  it.each(['causal_pad', 'causal', 'none'] as const)(
    'computes the last step alone to the same vector under mask mode %s', (mode) => {
      expectClose(outputs(x, real, mode, sasrecLast), outputs(x, real, mode).slice(-4), 1e-6)
      expectClose(outputs(x, [0, 0, 0, 0, 0], mode, sasrecLast), params.ln_b, 1e-6)
    })

  it('has the golden gradients of its input and of every weight', () => {
    const { tf } = loaded
    interface Case37 { w: Matrix }
    interface Expected37 { loss: number, grad_x: Matrix, grad_params: GoldenSasrec }
    const { inputs: { w }, expected } = golden<Case37, Expected37>('37_sasrec_backbone_gradient')
    tf.tidy(() => {
      const names = [...weights.keys()]
      const loss = (input: Tensor, ...leaves: Tensor[]): Tensor => {
        const ops = tfjsOps(tf, new Map(names.map((name, i) => [name, leaves[i]!])))
        const out = sasrec(ops, 'mixed', shape, input, tf.tensor2d([real]), 'causal_pad')
        return tf.sum(tf.mul(tf.slice(out, [0, 2, 0]), tf.tensor3d([w.slice(2)])))
      }
      const { value, grads } = tf.valueAndGrads((...all: Tensor[]) => loss(all[0]!, ...all.slice(1)).asScalar())(
        [tf.tensor3d([x]), ...leavesOf(tf, weights).values()])
      expectClose(value, [expected.loss], FLOAT32)
      expectClose(grads[0]!, expected.grad_x, FLOAT32)
      const wanted = sasrecFromGolden('mixed', expected.grad_params)
      for (const [i, name] of names.entries()) expectClose(grads[i + 1]!, wanted.get(name)!.data, FLOAT32)
    })
  })

  it('fails by name on a missing weight', () => {
    const { tf } = loaded
    const ops = tfjsOps(tf, new Map())
    expect(() => ops.weight('mixed.0.norm1.gain')).toThrow(expect.objectContaining({
      code: 'checkpoint_mismatch', place: { field: 'mixed.0.norm1.gain' },
    }))
  })
})

describe('sasrecWeights', () => {
  const drawn = sasrecWeights('a', { d: 64, layers: 2, heads: 1 }, createRandom(1))
  const deviation = (name: string): number => {
    const { data } = drawn.get(name)!
    return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length)
  }

  it('names the weights that the golden parameters have', () => {
    expect([...drawn.keys()]).toEqual([...sasrecFromGolden('a', params).keys()])
  })

  it('draws kernels Xavier normal, query, key and value as one kernel of 3d', () => {
    expect(deviation('a.0.out.kernel')).toBeCloseTo(Math.sqrt(2 / 128), 2)
    expect(deviation('a.1.key.kernel')).toBeCloseTo(Math.sqrt(2 / 256), 2)
  })

  it('starts layer norms at gain 1 and bias 0, attention biases at 0, others inside 1 / sqrt(d)', () => {
    expect(new Set(drawn.get('a.norm.gain')!.data)).toEqual(new Set([1]))
    for (const name of ['a.norm.bias', 'a.0.query.bias', 'a.0.out.bias']) {
      expect(new Set(drawn.get(name)!.data)).toEqual(new Set([0]))
    }
    const { data } = drawn.get('a.0.ffn1.bias')!
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(1 / 8)
    expect(deviation('a.0.ffn1.bias')).toBeGreaterThan(0.05)
  })
})
