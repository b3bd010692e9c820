import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Domain } from '../../src/data/dataset.ts'
import { onnxOps } from '../../src/nn/onnx-ops.ts'
import type { Ops, Weights } from '../../src/nn/ops.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { encodeUser } from '../../src/systems/encode-user.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import type { ThreadInput } from '../../src/systems/read-thread.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { hasLocals, systemSpec } from '../../src/systems/spec.ts'
import { runOnnx, type Feed } from '../nn/onnx.ts'
import { largestGap, leavesOf } from '../nn/tensors.ts'

const DOMAINS: Domain[] = [{ name: 'sport', size: 30, offset: 0 }, { name: 'cloth', size: 20, offset: 30 }]
const TEXT_WIDTH = 20
const D = 16

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('wasm')
})
afterAll(() => loaded.close())

/** One thread's histories of the given lengths, as feeds; padding holds numbers that must not matter. */
function thread (lengths: number[], width: number, seed: number): Record<'x' | 'positions' | 'mask', Feed> {
  const dims = [lengths.length, width]
  const steps = lengths.flatMap((n) => Array.from({ length: width }, (_, i) => Math.max(0, i - (width - n) + 1)))
  const vectors = lengths.flatMap((n, row) => {
    const random = createRandom(seed, String(row))
    return Array.from({ length: width * D }, (_, i) => i < (width - n) * D ? 9 : random.normal())
  })
  return {
    x: { type: 'float32', data: vectors, dims: [...dims, D] },
    positions: { type: 'int64', data: steps, dims },
    mask: { type: 'bool', data: steps.map((position) => Number(position > 0)), dims },
  }
}

interface Model {
  weights: Weights
  hasLocal: boolean
  encode: <T>(ops: Ops<T>, global: ThreadInput<T>, local?: ThreadInput<T> & { has: T }) => T
}

function model (system: string, preset: string, overrides: object = {}): Model {
  const settings = resolveSettings(system, preset, TEXT_WIDTH, { width: D, length: 200, ...overrides })
  const spec = systemSpec(settings, DOMAINS)
  const random = createRandom(3)
  const rows = Float32Array.from({ length: 50 * TEXT_WIDTH }, () => random.normal())
  const weights = initialWeights(spec, settings, DOMAINS, { width: TEXT_WIDTH, rows })
  const encode = <T>(ops: Ops<T>, global: ThreadInput<T>, local?: ThreadInput<T> & { has: T }): T =>
    encodeUser(ops, spec, settings, 1, { global, ...(local && { local }) })
  return { weights, encode, hasLocal: hasLocals(spec) }
}

/** User vectors of both interpreters for the same histories, [B, D or 2D] each. */
async function both (
  { weights, encode, hasLocal }: Model, lengths: number[], localLengths: number[], pads = 0
): Promise<{ trained: Float32Array, served: Float32Array }> {
  const global = thread(lengths, Math.max(1, ...lengths) + pads, 1)
  const local = thread(localLengths, Math.max(1, ...localLengths) + pads, 2)
  const has: Feed = { type: 'float32', data: localLengths.map((n) => Number(n > 0)), dims: [localLengths.length, 1] }

  const { tf } = loaded
  const trained = tf.tidy(() => {
    const of = ({ type, data, dims }: Feed): Tensor =>
      tf.tensor(Float32Array.from(data), dims, type === 'int64' ? 'int32' : 'float32')
    const inputs = (from: typeof global): ThreadInput<Tensor> =>
      ({ x: of(from.x), positions: of(from.positions), mask: of(from.mask) })
    const ops = tfjsOps(tf, leavesOf(tf, weights))
    return encode(ops, inputs(global), hasLocal ? { ...inputs(local), has: of(has) } : undefined).dataSync()
  }) as Float32Array

  const ops = onnxOps('user', weights)
  const inputs = (name: string): ThreadInput<string> => ({
    x: ops.input(`${name}_x`, 'float32', ['B', `${name}L`, D]),
    positions: ops.input(`${name}_positions`, 'int64', ['B', `${name}L`]),
    mask: ops.input(`${name}_mask`, 'bool', ['B', `${name}L`]),
  })
  const named = (name: string, feeds: typeof global): Record<string, Feed> =>
    Object.fromEntries(Object.entries(feeds).map(([part, feed]) => [`${name}_${part}`, feed]))
  const user = encode(ops, inputs('global'),
    hasLocal ? { ...inputs('local'), has: ops.input('has', 'float32', ['B', 1]) } : undefined)
  ops.output('user', user, [])
  const feeds = { ...named('global', global), ...(hasLocal && { ...named('local', local), has }) }
  return { trained, served: (await runOnnx(ops.build(), feeds)).get('user')! }
}

function expectParity ({ trained, served }: { trained: Float32Array, served: Float32Array }): void {
  const largest = trained.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  expect(largestGap(trained, served)).toBeLessThanOrEqual(1e-5 * largest)
}

describe.each([
  ['llm4cdsr', 'product', {}], ['llm4cdsr', 'paper', {}], ['sasrec-text', 'product', {}],
  ['llm4cdsr', 'product', { backbone: 'gru4rec', layers: 2 }], ['llm4cdsr', 'paper', { backbone: 'bert4rec', heads: 2 }],
  ['gru4rec', 'paper', {}], ['bert4rec', 'product', {}],
  ['llm-edt', 'product', { adapterStart: 'random' }], ['llm-edt', 'paper', { adapterForm: 'residualRelu' }],
  ['llm-edt', 'product', { adapterStart: 'random', backbone: 'gru4rec' }], ['llm-edt', 'paper', { backbone: 'bert4rec' }],
  ['llm-edt', 'paper', { ffn: 'geluHalf' }],
  ['llm-recg', 'product', {}], ['llm-recg', 'paper', { backbone: 'bert4rec', width: 16 }],
])('the user vector of %s (%s, %j)', (system, preset, overrides) => {
  it.each([
    [1, 1], [7, 1], [50, 1], [200, 1], [1, 8], [7, 8], [50, 8], [200, 8],
  ])('is the same in training and serving for histories of up to %i, %i at a time', async (longest, batch) => {
    const lengths = Array.from({ length: batch }, (_, i) => Math.max(1, Math.round(longest * (batch - i) / batch)))
    expectParity(await both(model(system, preset, overrides), lengths, lengths.map((n) => n >> 1)))
  })

  it('does not depend on how far its histories are padded', async () => {
    const lean = await both(model(system, preset, overrides), [3, 2], [2, 0])
    for (const pads of [2, 190]) {
      const padded = await both(model(system, preset, overrides), [3, 2], [2, 0], pads)
      expect(largestGap(padded.trained, lean.trained)).toBeLessThanOrEqual(1e-5)
      expect(largestGap(padded.served, lean.served)).toBeLessThanOrEqual(1e-5)
    }
  })

  it('is finite for a history of nothing', async () => {
    const { trained, served } = await both(model(system, preset, overrides), [0], [0], 4)
    for (const vector of [trained, served]) expect([...vector].every(Number.isFinite)).toBe(true)
  })
})

describe('the sum of both threads', () => {
  it('is for users without events in the domain the mixed thread alone', async () => {
    const edt = model('llm-edt', 'paper')
    const { trained, served } = await both(edt, [5, 5], [0, 3])
    const alone = await both(model('llm-edt', 'paper', { dft: false }), [5, 5], [0, 3])
    for (const vectors of [trained, served]) {
      expect(largestGap(vectors.subarray(0, D), alone.trained.subarray(0, D))).toBeLessThan(1e-5)
      expect(largestGap(vectors.subarray(D), alone.trained.subarray(D))).toBeGreaterThan(0.1)
    }
  })
})

describe('the local half', () => {
  it.each(['product', 'paper'])('is zero exactly for users without events in the domain (%s)', async (preset) => {
    const { trained, served } = await both(model('llm4cdsr', preset), [5, 5], [0, 3])
    for (const vectors of [trained, served]) {
      expect([...vectors.subarray(D, 2 * D)].every((value) => value === 0)).toBe(true)
      expect(Math.max(...vectors.subarray(3 * D).map(Math.abs))).toBeGreaterThan(0.01)
      expect(Math.max(...vectors.subarray(0, D).map(Math.abs))).toBeGreaterThan(0.01)
    }
  })

  it('is what the last layer norm makes of nothing in the published form', async () => {
    const published = model('llm4cdsr', 'official')
    const { trained } = await both(published, [5], [0])
    const { data } = published.weights.get('threads.local.cloth.norm.bias')!
    expect(largestGap(trained.subarray(D), data)).toBeLessThan(1e-6)
  })

  it('leaves a vector of length 1 with itemNorm unit', async () => {
    const { served } = await both(model('llm4cdsr', 'product'), [4, 2], [0, 1])
    for (const row of [served.subarray(0, 2 * D), served.subarray(2 * D)]) expect(Math.hypot(...row)).toBeCloseTo(1, 5)
  })
})
