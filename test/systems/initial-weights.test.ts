import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf, Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { itemVectors } from '../../src/systems/item-tower.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { leavesOf } from '../nn/tensors.ts'

let loaded: LoadedTf

beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

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
    expect(tables(start())).toEqual(['items.adapter.in.kernel', 'items.ids', 'items.local'])
    expect(tables(start({}, 'sasrec-ids'))).toEqual(['items.ids'])
    expect(tables(start({}, 'sasrec-text'))).toEqual(['items.adapter.in.kernel'])
    expect(tables(start({ globalItems: 'text' }))).toEqual(['items.adapter.in.kernel', 'items.local'])
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
