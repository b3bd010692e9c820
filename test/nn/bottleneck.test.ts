import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bottleneck, bottleneckWeights } from '../../src/nn/bottleneck.ts'
import type { BottleneckForm } from '../../src/nn/bottleneck.ts'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import { bprLoss, totalLoss } from '../../src/nn/losses.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, kernel, type Matrix, vector } from './golden.ts'
import { expectClose, leavesOf } from './tensors.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

interface Layers { W4: Matrix, b4: number[], W3: Matrix, b3: number[] }
interface Case18 extends Layers { h_A: Matrix, u_global: Matrix, e_tilde: Matrix }

const { inputs, expected, tolerance } = golden<Case18, Record<string, Matrix>>('18_edt_dual_phase_score')
const TOLERANCE = Math.max(tolerance, 1e-5)

const weightsOf = ({ W4, b4, W3, b3 }: Layers): Weights => new Map([
  ['a.down.kernel', kernel(W4)], ['a.down.bias', vector(b4)], ['a.up.kernel', kernel(W3)], ['a.up.bias', vector(b3)],
])

describe('the adapter of a domain', () => {
  it.each([['linear', 'u_A', 'scores'], ['residualRelu', 'u_A_residual_relu', 'scores_residual_relu']] as const)(
    'has in the form %s the golden vectors, which added to the user score as both products do', (form, user, scores) => {
      const { tf } = loaded
      tf.tidy(() => {
        const own = bottleneck(tfjsOps(tf, leavesOf(tf, weightsOf(inputs))), 'a', form, tf.tensor2d(inputs.h_A) as Tensor)
        expectClose(own, expected[user]!, TOLERANCE)
        const folded = tf.add(tf.tensor2d(inputs.u_global), own)
        if (form === 'linear') expectClose(folded, expected.folded_user_vec!, TOLERANCE)
        const items = tf.tensor2d(inputs.e_tilde)
        expectClose(tf.matMul(folded, items, false, true), expected[scores]!, TOLERANCE)
        const dots = (users: Tensor): Tensor => tf.matMul(users, items, false, true)
        const apart = tf.add(dots(tf.tensor2d(inputs.u_global)), dots(own))
        expectClose(apart, expected[scores]!, TOLERANCE)
      })
    })

  it('has the golden gradients of the loss on the sum (case 40)', () => {
    const { inputs: { pos_items: wanted, neg_items: other }, expected: { loss_mean: mean, grad_params: gradients } } =
      golden<{ pos_items: number[], neg_items: number[] }, { loss_mean: number, grad_params: Layers }>(
        '40_edt_adapter_gradient')
    const { tf } = loaded
    const result = lossAndGradients(tf, weightsOf(inputs), (leaves) => {
      const own = bottleneck(tfjsOps(tf, leaves), 'a', 'linear', tf.tensor2d(inputs.h_A) as Tensor)
      const user = tf.add(tf.tensor2d(inputs.u_global), own)
      const score = (items: number[]): Tensor =>
        tf.sum(tf.mul(user, tf.tensor2d(items.map((item) => inputs.e_tilde[item]!))), -1)
      return { loss: bprLoss(tf, score(wanted), score(other), 'mean') }
    })
    expect(result.loss).toBeCloseTo(mean, 5)
    for (const [name, { data }] of weightsOf(gradients)) expectClose(result.gradients.get(name)!, data, TOLERANCE)
  })

  it('is fine-tuned by the golden sum over domains (case 19)', () => {
    const { inputs: logits, expected: wanted } =
      golden<Record<string, number[][]>, Record<string, number>>('19_edt_finetune_loss')
    const { tf } = loaded
    tf.tidy(() => {
      const of = (domain: string): Tensor => bprLoss(
        tf, tf.tensor1d(logits[`pos_scores_${domain}`]!.flat()), tf.tensor1d(logits[`neg_scores_${domain}`]!.flat()), 'sum')
      const terms = ['A', 'B'].map((domain) => ({ weight: 1, value: of(domain) }))
      for (const [i, domain] of ['A', 'B'].entries()) expectClose(terms[i]!.value, [wanted[`L_${domain}_sum`]!], TOLERANCE)
      expectClose(totalLoss(tf, terms), [wanted.total!], TOLERANCE)
    })
  })

  it.each<[BottleneckForm, boolean]>([['linear', false], ['residualRelu', true]])(
    'that starts at zero adds in the form %s nothing but what it was given', (form, residual) => {
      const { tf } = loaded
      const weights = bottleneckWeights('a', 4, 2, createRandom(1), 'zero')
      tf.tidy(() => {
        const out = bottleneck(tfjsOps(tf, leavesOf(tf, weights)), 'a', form, tf.tensor2d(inputs.h_A) as Tensor)
        expect([...out.dataSync()]).toEqual(residual ? [...tf.tensor2d(inputs.h_A).dataSync()] : Array(8).fill(0))
      })
      const random = bottleneckWeights('a', 4, 2, createRandom(1), 'random')
      expect(random.get('a.up.kernel')!.data.some((value) => value !== 0)).toBe(true)
      expect(weights.get('a.down.kernel')).toEqual(random.get('a.down.kernel'))
    })
})
