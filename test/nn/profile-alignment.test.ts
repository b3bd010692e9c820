import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapter } from '../../src/nn/adapter.ts'
import { contrastiveLoss } from '../../src/nn/contrastive.ts'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf, type LoadedTf } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { golden, kernel, type Matrix, vector } from './golden.ts'
import { expectClose, leavesOf } from './tensors.ts'

interface Layers { W2: Matrix, b2: number[], W1: Matrix, b1: number[] }
interface Case6 extends Layers { u_global: Matrix, profile_llm: Matrix, tau: number, has_profile: boolean[] }
interface Expected6 { p_tilde: Matrix, L_profile: number, L_profile_only_users_with_profile: number }

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

const { inputs, expected } = golden<Case6, Expected6>('06_profile_alignment')

const weightsOf = ({ W2, b2, W1, b1 }: Layers): Weights => new Map([
  ['g.in.kernel', kernel(W2)], ['g.in.bias', vector(b2)], ['g.out.kernel', kernel(W1)], ['g.out.bias', vector(b1)],
])

/** L_profile between users' vectors and their adapted profiles, and its gradients. */
function alignment (users: Matrix, profiles: Matrix): { loss: number, gradients: ReadonlyMap<string, Float32Array> } {
  const { tf } = loaded
  const flat: Weights = new Map([
    ...weightsOf(inputs), ['u', { shape: [users.length, 3], data: Float32Array.from(users.flat()) }],
  ])
  return lossAndGradients(tf, flat, (leaves) => {
    const texts = adapter(tfjsOps(tf, leaves), 'g', tf.tensor2d(profiles))
    return { loss: contrastiveLoss(tf, 'dcl', leaves.get('u')!, texts, inputs.tau), terms: new Map() }
  })
}

describe('the alignment of users with their profiles', () => {
  it('has the golden vectors and value', () => {
    const { tf } = loaded
    tf.tidy(() => {
      const texts = adapter(tfjsOps(tf, leavesOf(tf, weightsOf(inputs))), 'g', tf.tensor2d(inputs.profile_llm))
      expectClose(texts, expected.p_tilde, 1e-5)
    })
    expect(alignment(inputs.u_global, inputs.profile_llm).loss).toBeCloseTo(expected.L_profile, 5)
  })

  it('has the golden value over users with a profile alone', () => {
    const with_ = (rows: Matrix): Matrix => rows.filter((_, i) => inputs.has_profile[i])
    expect(alignment(with_(inputs.u_global), with_(inputs.profile_llm)).loss)
      .toBeCloseTo(expected.L_profile_only_users_with_profile, 5)
  })

  it('has the golden gradients, for users and for both layers', () => {
    const wanted = golden<unknown, { loss: number, grad_u: Matrix, grad_params: Layers }>(
      '39_profile_alignment_gradient').expected
    const { loss, gradients } = alignment(inputs.u_global, inputs.profile_llm)
    expect(loss).toBeCloseTo(wanted.loss, 5)
    expectClose(gradients.get('u')!, wanted.grad_u, 1e-5)
    for (const [name, { data }] of weightsOf(wanted.grad_params)) expectClose(gradients.get(name)!, data, 1e-5)
  })
})
