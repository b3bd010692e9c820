import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  dualProjection, dualProjectionWeights, foldDualProjection, foldSingleProjection, singleProjection
} from '../../src/nn/dual-projection.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, kernel, type Matrix, vector } from './golden.ts'
import { expectClose, leavesOf } from './tensors.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

interface Inputs {
  W_p: Matrix, b_p: number[], W_g: Matrix, b_g: number[], W_m: Matrix, b_m: number[], e_sem: Matrix
}
interface Expected { e_rec: Matrix, e_gen: Matrix, merged: Matrix, folded_W: Matrix, folded_b: number[] }

const { inputs, expected } = golden<Inputs, Expected>('20_recg_projection_and_merge')
const weights: Weights = new Map([
  ['p.rec.kernel', kernel(inputs.W_p)], ['p.rec.bias', vector(inputs.b_p)],
  ['p.gen.kernel', kernel(inputs.W_g)], ['p.gen.bias', vector(inputs.b_g)],
  ['p.merge.kernel', kernel(inputs.W_m)], ['p.merge.bias', vector(inputs.b_m)],
])

describe('the two projections of a text', () => {
  it('and their merger are those of golden case 20', () => {
    loaded.tf.tidy(() => {
      const ops = tfjsOps(loaded.tf, leavesOf(loaded.tf, weights))
      const { rec, gen, merged } = dualProjection(ops, 'p', loaded.tf.tensor2d(inputs.e_sem))
      expectClose(rec, expected.e_rec, 1e-5)
      expectClose(gen, expected.e_gen, 1e-5)
      expectClose(merged, expected.merged, 1e-5)
      expectClose(singleProjection(ops, 'p', loaded.tf.tensor2d(inputs.e_sem)), expected.e_rec, 1e-5)
    })
  })

  it('fold into one map, as golden case 20 has it', () => {
    const { inputs: width, outputs, matrix, offset } = foldDualProjection(weights, 'p')
    expect([width, outputs]).toEqual([5, 3])
    expectClose(matrix, expected.folded_W, 1e-5)
    expectClose(offset, expected.folded_b, 1e-5)
  })

  it('score a user as golden case 33 has it', () => {
    const { inputs: { user_vec_g: users }, expected: { scores } } =
      golden<{ user_vec_g: Matrix }, { scores: Matrix }>('33_recg_serving_score')
    loaded.tf.tidy(() => {
      const ops = tfjsOps(loaded.tf, leavesOf(loaded.tf, weights))
      const { merged } = dualProjection(ops, 'p', loaded.tf.tensor2d(inputs.e_sem))
      expectClose(ops.matMul(loaded.tf.tensor2d(users), merged, true), scores, 1e-4)
    })
  })

  it('fold into the first alone where the second is left out', () => {
    const { matrix, offset } = foldSingleProjection(weights, 'p')
    expectClose(matrix, inputs.W_p, 1e-6)
    expectClose(offset, inputs.b_p, 1e-6)
  })

  it('start the first alike with and without the second', () => {
    const [both, one] = [true, false].map((merged) => dualProjectionWeights('p', 4, 2, createRandom(1, 'x'), { merged }))
    expect([...one!.keys()]).toEqual(['p.rec.kernel', 'p.rec.bias'])
    for (const [name, weight] of one!) expect(weight).toEqual(both!.get(name))
  })
})
