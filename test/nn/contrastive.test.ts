import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contrastiveLoss, type Contrastive } from '../../src/nn/contrastive.ts'
import { loadTf, type LoadedTf, type Tensor, type Tf } from '../../src/nn/tf.ts'
import { golden, type Matrix } from './golden.ts'
import { expectClose } from './tensors.ts'

let loaded: LoadedTf
let tf: Tf
beforeAll(async () => {
  loaded = await loadTf('cpu')
  tf = loaded.tf
})
afterAll(() => loaded.close())

const loss = (form: Contrastive, a: Matrix, b: Matrix, temperature = 1): number =>
  tf.tidy(() => contrastiveLoss(tf, form, tf.tensor2d(a), tf.tensor2d(b), temperature).dataSync()[0]!)

/** The plain definition of one direction. */
function direction (a: Matrix, b: Matrix, temperature: number, withOwn: boolean): number {
  const length = (x: number[]): number => Math.hypot(...x)
  const logit = (i: number, j: number): number =>
    a[i]!.reduce((sum, v, k) => sum + v * b[j]![k]!, 0) / length(a[i]!) / length(b[j]!) / temperature
  const terms = a.map((_, i) => {
    const others = b.map((_, j) => j).filter((j) => withOwn || j !== i)
    return Math.log(others.reduce((sum, j) => sum + Math.exp(logit(i, j)), 0)) - logit(i, i)
  })
  return terms.reduce((x, y) => x + y) / a.length
}

interface Case5 { e_A: Matrix, e_B: Matrix }
interface Expected5 {
  L_reg: number, L_reg_A: number, L_reg_A_gamma_0_2: number, standard_infonce_A: number, grad_L_reg_wrt_e_A: Matrix
}
const { inputs: { e_A: first, e_B: second }, expected } = golden<Case5, Expected5>('05_infonce_reg')

describe('the contrastive loss', () => {
  it('has the golden value of L_reg, and its parts are the golden ones', () => {
    expect(direction(first, second, 1, false)).toBeCloseTo(expected.L_reg_A, 6)
    expect(direction(first, second, 0.2, false)).toBeCloseTo(expected.L_reg_A_gamma_0_2, 6)
    expect(loss('dcl', first, second)).toBeCloseTo(expected.L_reg, 5)
    expect(loss('dcl', first, second, 0.2)).toBeCloseTo(
      expected.L_reg_A_gamma_0_2 + direction(second, first, 0.2, false), 4)
  })

  it('keeps the positive in the denominator as infonce', () => {
    expect(direction(first, second, 1, true)).toBeCloseTo(expected.standard_infonce_A, 6)
    expect(loss('infonce', first, second)).toBeCloseTo(
      expected.standard_infonce_A + direction(second, first, 1, true), 5)
  })

  it('has the golden gradient', () => {
    tf.tidy(() => {
      const gradient = tf.grad((a: Tensor) => contrastiveLoss(tf, 'dcl', a, tf.tensor2d(second), 1))(tf.tensor2d(first))
      expectClose(gradient, expected.grad_L_reg_wrt_e_A, 1e-5)
    })
  })

  it('has the golden values of the published form', () => {
    interface Case7 { X: Matrix, Y: Matrix }
    const case7 = golden<Case7, { loss: number, loss_tau_0_5: number }>('07_soft_target_contrastive_compat')
    const { X: x, Y: y } = case7.inputs
    expect(loss('soft', x, y, 1)).toBeCloseTo(case7.expected.loss, 5)
    expect(loss('soft', x, y, 0.5)).toBeCloseTo(case7.expected.loss_tau_0_5, 5)
  })

  it.each(['dcl', 'infonce', 'soft'] as const)('is 0 with a single pair as %s', (form) => {
    const { batch_of_one: { a, b } } = golden<{ batch_of_one: { a: Matrix, b: Matrix } }, unknown>(
      '32_contrastive_edge_cases').inputs
    expect(loss(form, a, b)).toBe(0)
  })

  it('counts a zero row as cosine 0, with a finite gradient', () => {
    interface Case32 { zero_vector: { a: Matrix, b: Matrix } }
    const case32 = golden<Case32, { zero_vector_loss_gamma_1: number }>('32_contrastive_edge_cases')
    const { a, b } = case32.inputs.zero_vector
    tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((x: Tensor, y: Tensor) => contrastiveLoss(tf, 'dcl', x, y, 1))(
        [tf.tensor2d(a), tf.tensor2d(b)])
      // a to b: (0 - 0 + 1 - 0) / 2 as given; b to a: (cos(b1, a2) - 0 + 0 - 0) / 2 = 1 / 2.
      expectClose(value, [case32.expected.zero_vector_loss_gamma_1 + 0.5], 1e-5)
      for (const gradient of grads) expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true)
    })
  })

  it.each(['dcl', 'infonce'] as const)('as %s ignores the order of pairs and the length of a row', (form) => {
    const order = [2, 0, 3, 1]
    const shuffled = (rows: Matrix): Matrix => order.map((i) => rows[i]!)
    const scaled = first.map((row, i) => row.map((v) => v * (1 + i)))
    expect(loss(form, shuffled(first), shuffled(second))).toBeCloseTo(loss(form, first, second), 5)
    expect(loss(form, scaled, second)).toBeCloseTo(loss(form, first, second), 5)
    expect(loss(form, second, first)).toBeCloseTo(loss(form, first, second), 5)
  })
})
