import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bceLoss, bprLoss, clashes, logSumExp, softmaxLoss, totalLoss } from '../../src/nn/losses.ts'
import { loadTf, type LoadedTf, type Tensor, type Tf } from '../../src/nn/tf.ts'
import { golden } from './golden.ts'
import { expectClose } from './tensors.ts'

const FLOAT32 = 1e-5

let loaded: LoadedTf
let tf: Tf
beforeAll(async () => {
  loaded = await loadTf('cpu')
  tf = loaded.tf
})
afterAll(() => loaded.close())

const value = (compute: () => Tensor): number => tf.tidy(() => compute().dataSync()[0]!)

describe('BPR and BCE', () => {
  interface Case { pos_logits: number[][], neg_logits: number[][], mask: boolean[][] }
  interface Expected {
    bpr_sum: number,
    bpr_mean: number,
    bce_mean_per_position: number
    grad_bpr_sum_wrt_pos: number[][],
    grad_bpr_sum_wrt_neg: number[][]
  }
  const { inputs, expected } = golden<Case, Expected>('01_bpr_and_bce_loss')
  const kept = inputs.mask.flat()
  const real = (rows: number[][]): number[] => rows.flat().filter((_, i) => kept[i])
  const [positive, negative] = [real(inputs.pos_logits), real(inputs.neg_logits)]

  it('have the golden values', () => {
    const [up, down] = [tf.tensor1d(positive), tf.tensor1d(negative)] as Tensor[]
    expect(value(() => bprLoss(tf, up!, down!, 'sum'))).toBeCloseTo(expected.bpr_sum, 5)
    expect(value(() => bprLoss(tf, up!, down!, 'mean'))).toBeCloseTo(expected.bpr_mean, 5)
    expect(value(() => bceLoss(tf, up!, down!, 'mean'))).toBeCloseTo(expected.bce_mean_per_position, 5)
    expect(value(() => bceLoss(tf, up!, down!, 'sum'))).toBeCloseTo(5 * expected.bce_mean_per_position, 4)
  })

  it('has the golden gradients of BPR', () => {
    tf.tidy(() => {
      const [up, down] = tf.grads((a: Tensor, b: Tensor) => bprLoss(tf, a, b, 'sum'))(
        [tf.tensor1d(positive), tf.tensor1d(negative)])
      expectClose(up!, real(expected.grad_bpr_sum_wrt_pos), FLOAT32)
      expectClose(down!, real(expected.grad_bpr_sum_wrt_neg), FLOAT32)
    })
  })

  it('compare a step with each of five negatives, as golden case 25', () => {
    const { inputs: { pos, neg }, expected: { loss_mean: mean, loss_sum: sum } } =
      golden<{ pos: number[], neg: number[][] }, Record<string, number>>('25_recg_bpr_five_negatives')
    expect(value(() => bprLoss(tf, tf.tensor1d(pos), tf.tensor2d(neg), 'mean'))).toBeCloseTo(mean!, 5)
    expect(value(() => bprLoss(tf, tf.tensor1d(pos), tf.tensor2d(neg), 'sum'))).toBeCloseTo(sum!, 5)
  })

  it('stay finite for logits far apart, and give 0 for a batch without steps', () => {
    for (const loss of [bprLoss, bceLoss]) {
      expect(value(() => loss(tf, tf.tensor1d([-300]), tf.tensor1d([300]), 'sum'))).toBeGreaterThan(299)
      expect(value(() => loss(tf, tf.tensor1d([]), tf.tensor1d([]), 'mean'))).toBe(0)
    }
  })
})

describe('the loss of the tri-thread model', () => {
  interface Case {
    sample: { posA: number[], posB: number[], local_mask: number[], target_domain_per_step: number[] }
    global_pos: number[],
    global_neg: number[]
    localA_pos: number[],
    localA_neg: number[],
    localB_pos: number[],
    localB_neg: number[]
  }
  type Part = Record<'A' | 'B', { count: number, bpr_sum: number, bce_mean: number }>
  type Rule = 'drop_first_in_domain' | 'first_in_domain_global_only'
  const { inputs, expected } = golden<Case, Record<Rule, Part>>('36_tri_thread_training_loss')
  const { sample } = inputs

  /** Logits of the steps of one domain: global plus local of the step with the same target. */
  function logits (domain: 'A' | 'B', side: 'pos' | 'neg', rule: Rule): number[] {
    const index = domain === 'A' ? 0 : 1
    const globals = inputs[`global_${side}`]
    const locals = inputs[`local${domain}_${side}`].filter((_, k) => sample[`pos${domain}`][k]! > 0)
    const joint = globals.filter((_, k) => sample.local_mask[k] === index).map((logit, k) => logit + locals[k]!)
    const first = globals.filter((_, k) => sample.target_domain_per_step[k] === index && sample.local_mask[k] !== index)
    return rule === 'drop_first_in_domain' ? joint : [...joint, ...first]
  }

  it.each([
    ['A', 'drop_first_in_domain'], ['B', 'drop_first_in_domain'],
    ['A', 'first_in_domain_global_only'], ['B', 'first_in_domain_global_only'],
  ] as const)('has the golden values in domain %s under %s', (domain, rule) => {
    const [positive, negative] = [logits(domain, 'pos', rule), logits(domain, 'neg', rule)]
    const { count, bpr_sum: bpr, bce_mean: bce } = expected[rule][domain]
    expect(positive.length).toBe(count)
    expect(value(() => bprLoss(tf, tf.tensor1d(positive), tf.tensor1d(negative), 'sum'))).toBeCloseTo(bpr, 5)
    expect(value(() => bceLoss(tf, tf.tensor1d(positive), tf.tensor1d(negative), 'mean'))).toBeCloseTo(bce, 5)
  })

  it('has gradients that finite differences confirm', () => {
    const [positive, negative] = (['pos', 'neg'] as const).map((side) =>
      logits('B', side, 'first_in_domain_global_only')) as [number[], number[]]
    const sum = (up: number[]): number => up.reduce((total, p, k) => total + Math.log1p(Math.exp(negative[k]! - p)), 0)
    const wanted = positive.map((_, k) => {
      const moved = (by: number): number[] => positive.map((p, i) => i === k ? p + by : p)
      return (sum(moved(1e-5)) - sum(moved(-1e-5))) / 2e-5
    })
    tf.tidy(() => {
      const gradient = tf.grad((up: Tensor) => bprLoss(tf, up, tf.tensor1d(negative), 'sum'))(tf.tensor1d(positive))
      expectClose(gradient, wanted, FLOAT32)
    })
  })
})

describe('softmax over shared negatives', () => {
  const positive = [2, -1]
  const negative = [[0.5, 1, -1], [3, 0, 0.2]]
  /** The negative log share of the target among the target and all negatives. */
  const plain = (targets: number[], negatives: number[][]): number => targets.map((target, s) =>
    Math.log([target, ...negatives[s]!].reduce((sum, logit) => sum + Math.exp(logit), 0)) - target)
    .reduce((a, b) => a + b)
  const loss = (negatives: number[][], clash: number[], reduction: 'sum' | 'mean'): number =>
    value(() => softmaxLoss(tf, {
      positive: tf.tensor1d(positive), negative: tf.tensor2d(negatives), clash: tf.tensor1d(clash),
    }, reduction))

  it('is the negative log share of the target', () => {
    expect(loss(negative, [0, 0], 'sum')).toBeCloseTo(plain(positive, negative), 5)
    expect(loss(negative, [0, 0], 'mean')).toBeCloseTo(plain(positive, negative) / 2, 5)
  })

  it('counts a target that is among its negatives once', () => {
    const met = [[0.5, 2, -1], [-1, 0, 0.2]]
    expect(loss(met, [1, 1], 'sum')).toBeCloseTo(plain(positive, [[0.5, -1], [0, 0.2]]), 5)
    expect(loss(met, [1, 0], 'sum')).toBeCloseTo(plain([2], [[0.5, -1]]) + plain([-1], [met[1]!]), 5)
  })

  it('finds the steps whose target is among the negatives', () => {
    const found = tf.tidy(() => [...clashes(tf, Int32Array.of(4, 7, 5), Int32Array.of(7, 1, 4)).dataSync()])
    expect(found).toEqual([1, 1, 0])
  })

  it.each([false, true])('has the gradients of the plain form (target among the negatives: %s)', (isMet) => {
    // Items as vectors of one user's direction: the logits are the items themselves, and a met target is one item.
    const items = [0.7, -0.3, 1.2, 0.4]
    const shared = isMet ? [1, 0, 2] : [1, 3, 2]
    const others = shared.filter((item) => item !== 0)
    const of = (values: number[]): number => plain([values[0]!], [others.map((item) => values[item]!)])
    const wanted = items.map((_, i) => {
      const moved = (by: number): number => of(items.map((item, j) => i === j ? item + by : item))
      return (moved(1e-5) - moved(-1e-5)) / 2e-5
    })
    tf.tidy(() => {
      const gradient = tf.grad((x: Tensor) => softmaxLoss(tf, {
        positive: tf.gather(x, tf.tensor1d([0], 'int32')),
        negative: tf.expandDims(tf.gather(x, tf.tensor1d(shared, 'int32')), 0),
        clash: clashes(tf, Int32Array.of(0), Int32Array.from(shared)),
      }, 'sum'))(tf.tensor1d(items))
      expectClose(gradient, wanted, FLOAT32)
    })
  })
})

describe('logSumExp', () => {
  it('has the softmax as its gradient, for large numbers too', () => {
    tf.tidy(() => {
      const { value: sum, grad } = tf.valueAndGrad((x: Tensor) => tf.sum(logSumExp(tf, x)))(
        tf.tensor2d([[1000, 1000], [0, Math.log(3)]]))
      expectClose(sum, [1000 + Math.log(2) + Math.log(4)], 1e-3)
      expectClose(grad, [[0.5, 0.5], [0.25, 0.75]], FLOAT32)
    })
  })
})

describe('the total', () => {
  interface Case { L_A: number, L_B: number, L_reg: number, L_profile: number, alpha: number, beta: number }
  const { inputs, expected } = golden<Case, { total: number }>('08_total_loss')
  const total = (profile: number): number => value(() => totalLoss(tf, [
    { weight: 1, value: tf.scalar(inputs.L_A) },
    { weight: 1, value: tf.scalar(inputs.L_B) },
    { weight: inputs.alpha, value: tf.scalar(inputs.L_reg) },
    { weight: inputs.beta, value: tf.scalar(profile) },
  ]))

  it('has the golden value, with a profile term of 0 too', () => {
    expect(total(inputs.L_profile)).toBeCloseTo(expected.total, 5)
    expect(total(0)).toBeCloseTo(expected.total - inputs.beta * inputs.L_profile, 5)
  })
})
