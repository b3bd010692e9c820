import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf, Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { encodeUser } from '../../src/systems/encode-user.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { itemVectors } from '../../src/systems/item-tower.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { golden, kernel, sasrecFromGolden, vector } from '../nn/golden.ts'
import type { GoldenSasrec, Matrix } from '../nn/golden.ts'
import { expectClose, leavesOf } from '../nn/tensors.ts'

let loaded: LoadedTf

beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

interface Case11 {
  ids: number[]
  positions: number[]
  llm_table: Matrix
  W1: Matrix
  b1: number[]
  W2: Matrix
  b2: number[]
  pos_emb: Matrix
}

describe('a user vector of one thread', () => {
  it('is the one of golden case 11, from text to score', () => {
    const { inputs, expected } = golden<Case11, { u_global: number[], scores_items_1_to_7: number[] }>(
      '11_global_user_vector')
    const { params } = golden<{ params: GoldenSasrec }, unknown>('10_sasrec_backbone_forward').inputs
    const settings = resolveSettings('sasrec-text', 'paper', 6, { width: 4, heads: 2, layers: params.layers.length })
    const spec = systemSpec(settings, [{ name: 'A', size: 7, offset: 0 }])
    const positions = { shape: [inputs.pos_emb.length, 4], data: Float32Array.from(inputs.pos_emb.flat()) }
    const weights: Weights = new Map([
      ['items.adapter.in.kernel', kernel(inputs.W2)], ['items.adapter.in.bias', vector(inputs.b2)],
      ['items.adapter.out.kernel', kernel(inputs.W1)], ['items.adapter.out.bias', vector(inputs.b1)],
      ['threads.mixed.positions', positions],
      ...sasrecFromGolden('threads.mixed', params),
    ])
    const { tf } = loaded
    tf.tidy(() => {
      const ops = tfjsOps(tf, leavesOf(tf, weights))
      const { stored } = itemVectors(ops, spec.items, { text: tf.tensor2d(inputs.llm_table) })
      const user = encodeUser(ops, spec, settings, 0, {
        global: {
          x: tf.expandDims(tf.gather(stored, tf.tensor1d(inputs.ids, 'int32')), 0),
          positions: tf.tensor2d([inputs.positions], undefined, 'int32'),
          mask: tf.tensor2d([inputs.ids.map((id) => id > 0 ? 1 : 0)]),
        },
      })
      expectClose(user, expected.u_global, 1e-4)
      const scores = tf.matMul(user, tf.slice(stored, [1, 0]), false, true)
      expectClose(scores, expected.scores_items_1_to_7, 1e-4)
    })
  })
})

describe('weights at the start', () => {
  const domains = [{ name: 'A', size: 30, offset: 0 }, { name: 'B', size: 20, offset: 30 }]
  const texts = { width: 6, rows: Float32Array.from({ length: 50 * 6 }, (_, i) => Math.sin(i * i)) }
  const start = (overrides: Record<string, unknown> = {}, system = 'llm4cdsr') => {
    const settings = resolveSettings(system, 'product', 6, { width: 4, ...overrides })
    return initialWeights(systemSpec(settings, domains), settings, domains, texts)
  }

  it('hold local rows with mean zero in each domain and no covariance between their columns', () => {
    const { data } = start().get('items.local')!
    for (const { size, offset } of domains) {
      const column = (c: number) => Array.from({ length: size }, (_, i) => data[(offset + i) * 4 + c]!)
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0) / size
      for (let a = 0; a < 4; a++) {
        expect(dot(column(a), column(a).map(() => 1))).toBeCloseTo(0, 5)
        for (let b = 0; b < a; b++) expect(dot(column(a), column(b))).toBeCloseTo(0, 5)
        expect(dot(column(a), column(a))).toBeGreaterThan(0.01)
      }
    }
  })

  it('are the same for what an ablation leaves in place', () => {
    const whole = start()
    for (const [name, { data }] of start({}, 'sasrec-text')) expect(data).toEqual(whole.get(name)!.data)
    const random = start({ localInit: 'random' })
    expect(random.get('threads.local.B.0.query.kernel')).toEqual(whole.get('threads.local.B.0.query.kernel'))
    expect(random.get('items.local')).not.toEqual(whole.get('items.local'))
  })

  it('have the tables that the system names', () => {
    const tables = (weights: Weights) =>
      [...weights.keys()].filter((name) => /^items\.(ids|local)$|adapter.in.k/.test(name))
    expect(tables(start())).toEqual(['items.adapter.in.kernel', 'items.local'])
    expect(tables(start({}, 'sasrec-ids'))).toEqual(['items.ids'])
    expect(tables(start({}, 'sasrec-text'))).toEqual(['items.adapter.in.kernel'])
    expect(tables(start({ globalItems: 'textAndIds' }))).toEqual(['items.adapter.in.kernel', 'items.ids', 'items.local'])
  })

  it('name the tensors a tower needs and lacks', () => {
    const { tf } = loaded
    const settings = resolveSettings('llm4cdsr', 'product', 6, { width: 4 })
    const leaves = new Map<string, Tensor>(leavesOf(tf, start()))
    const spec = systemSpec(settings, domains)
    expect(() => tf.tidy(() => itemVectors(tfjsOps(tf, leaves), spec.items, {}).stored)).toThrow(/rows of text/)
    for (const leaf of leaves.values()) leaf.dispose()
  })
})
