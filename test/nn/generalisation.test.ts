import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type GeneralisationForm, interCompactness, interFallback, interShare, intraDiversity
} from '../../src/nn/generalisation.ts'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf, Tensor } from '../../src/nn/tf.ts'
import { golden, type Matrix } from './golden.ts'
import { expectClose } from './tensors.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

interface Inputs { e: Matrix, domain: number[], tau: number, alpha: number }
interface Expected {
  beta: number
  L_intra_mean: number
  L_intra_paper_sum: number
  inter_entropy_mean: number
  L_inter_eq9_literal: number
  L_gen_default: number
  L_gen_paper_literal: number
  grad_L_gen_default_wrt_e: Matrix
}

const case21 = golden<Inputs, Expected>('21_recg_generalization_loss')

/** Rows of each domain as one weight, in their order. */
function groupsOf ({ e, domain }: Inputs): Weights {
  return new Map([...new Set(domain)].map((d) => {
    const rows = e.filter((_, i) => domain[i] === d)
    return [`g${d}`, { shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) }]
  }))
}

function lossOf (groups: Weights, { tau, alpha }: { tau: number, alpha: number }, form: GeneralisationForm = 'mean') {
  return lossAndGradients(loaded.tf, groups, (leaves) => {
    const { tf } = loaded
    const all = [...leaves.values()]
    const [intra, inter] = [intraDiversity(tf, all, tau, form), interCompactness(tf, all, tau, form)]
    const loss: Tensor = tf.sub(tf.mul(inter, alpha * interShare(all)), tf.mul(intra, alpha))
    return { loss, terms: new Map([['intra', intra], ['inter', inter]]) }
  })
}

const one = (rows: number[][]): Weights['get'] extends (name: string) => infer W ? NonNullable<W> : never =>
  ({ shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) })

describe('the generalisation loss', () => {
  it.each(['21_recg_generalization_loss', '22_recg_generalization_loss_tau'])('is that of golden case %s', (name) => {
    const { inputs, expected } = golden<Inputs, Expected>(name)
    const groups = groupsOf(inputs)
    const { loss, terms } = lossOf(groups, inputs)
    expect(terms.get('intra')).toBeCloseTo(expected.L_intra_mean, 5)
    expect(terms.get('inter')).toBeCloseTo(expected.inter_entropy_mean, 5)
    expect(loss).toBeCloseTo(expected.L_gen_default, 6)
    const literal = lossOf(groups, inputs, 'printed')
    expect(literal.terms.get('intra')).toBeCloseTo(expected.L_intra_paper_sum, 5)
    expect(literal.terms.get('inter')).toBeCloseTo(expected.L_inter_eq9_literal, 5)
    expect(literal.loss).toBeCloseTo(expected.L_gen_paper_literal, 6)
  })

  it('weighs the domains against each other by N / D^3', () => {
    loaded.tf.tidy(() => {
      const groups = [...groupsOf(case21.inputs).values()].map(({ data, shape }) => loaded.tf.tensor(data, [...shape]))
      expect(case21.inputs.alpha * interShare(groups)).toBeCloseTo(case21.expected.beta, 9)
    })
  })

  it('has the gradient of golden case 21, through the centres too', () => {
    const { gradients } = lossOf(groupsOf(case21.inputs), case21.inputs)
    expectClose(Float32Array.from([...gradients.values()].flatMap((part) => [...part])),
      case21.expected.grad_L_gen_default_wrt_e, 1e-6)
  })

  it('says nothing between two domains: the term is 0 and has no gradient (golden case 23)', () => {
    const { inputs, expected } = golden<Inputs, Expected>('23_recg_two_domains_degenerate')
    const groups = groupsOf(inputs)
    const { loss, terms } = lossOf(groups, inputs)
    expect(terms.get('inter')).toBe(0)
    expect(terms.get('intra')).toBeCloseTo(expected.L_intra_mean, 5)
    expect(loss).toBeCloseTo(expected.L_gen_default, 6)
    const inter = lossAndGradients(loaded.tf, groups, (leaves) =>
      ({ loss: interCompactness(loaded.tf, [...leaves.values()], 1, 'mean') }))
    for (const gradient of inter.gradients.values()) expectClose(gradient, gradient.map(() => 0), 1e-9)
  })

  it('has a fallback for two domains, which falls as they point the same way', () => {
    const apart = { a: one([[1, 0], [1, 0.1]]), b: one([[0, 1], [0.1, 1]]) }
    const near = { a: one([[1, 0.9], [1, 1]]), b: one([[0.9, 1], [1, 1]]) }
    const of = (groups: Record<string, ReturnType<typeof one>>) => lossAndGradients(loaded.tf,
      new Map(Object.entries(groups)), (leaves) => ({ loss: interFallback(loaded.tf, [...leaves.values()]) }))
    expect(of(near).loss).toBeLessThan(of(apart).loss)
    expect(of(apart).gradients.get('a')!.some((slope) => slope !== 0)).toBe(true)
  })

  it('does not change with the length of a vector, a zero row included', () => {
    const { tau, alpha } = case21.inputs
    const groups = groupsOf(case21.inputs)
    const longer: Weights = new Map([...groups].map(([name, { shape, data }]) =>
      [name, { shape, data: data.map((x) => 3 * x) }]))
    expect(lossOf(longer, { tau, alpha }).loss).toBeCloseTo(lossOf(groups, { tau, alpha }).loss, 6)
    const own = (rows: number[][]) => lossOf(new Map([['a', one(rows)], ['b', one([[1, 0], [0, 1]])]]), { tau, alpha })
    expect(own([[1, 2], [2, 1]]).terms.get('intra')).toBeCloseTo(own([[5, 10], [2, 1]]).terms.get('intra')!, 6)
    const zero = own([[0, 0], [1, 1]])
    expect(Number.isFinite(zero.loss)).toBe(true)
    expect([...zero.gradients.get('a')!].every(Number.isFinite)).toBe(true)
  })

  it('is at its bounds where items of a domain are equal, and where other centres are equally near', () => {
    const equal = lossOf(new Map([['a', one([[1, 0], [1, 0], [1, 0]])], ['b', one([[0, 1]])]]), { tau: 1, alpha: 1 })
    expect(equal.terms.get('intra')).toBeCloseTo((Math.log(3) + 0) / 2, 6)
    const same = ['a', 'b', 'c', 'd'].map((name) => [name, one([[1, 1], [2, 2]])] as const)
    expect(lossOf(new Map(same), { tau: 1, alpha: 1 }).terms.get('inter')).toBeCloseTo(Math.log(3), 5)
  })
})
