import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bert4rec, bert4recLast, bert4recWeights } from '../../src/nn/bert4rec.ts'
import { gru4rec, gru4recLast, gru4recWeights } from '../../src/nn/gru4rec.ts'
import { onnxOps } from '../../src/nn/onnx-ops.ts'
import { ModelProto } from '../../src/onnx/model-proto.ts'
import type { MaskMode, Ops, Weight, Weights } from '../../src/nn/ops.ts'
import { sasrec, sasrecLast, sasrecWeights } from '../../src/nn/sasrec.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { runOnnx } from './onnx.ts'
import { largestGap, leavesOf } from './tensors.ts'

const random = createRandom(7)
const normals = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal())
const weight = (...shape: number[]): Weight => ({ shape, data: normals(shape.reduce((a, b) => a * b, 1)) })

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('wasm')
})
afterAll(() => loaded.close())

type Code = <T>(ops: Ops<T>, x: T, mask: T, positions: T) => T

/** What both interpreters give for one piece of model code over x [B, L, d], a mask [B, L] and positions [B, L]. */
async function both (
  code: Code, { batch, length, d, weights }: { batch: number, length: number, d: number, weights: Weights }
): Promise<{ trained: Float32Array, served: Float32Array }> {
  const x = normals(batch * length * d)
  const real = Array.from({ length: batch }, () => random.integer(length + 1))
  const mask = real.flatMap((n) => Array.from({ length }, (_, i) => Number(i >= length - n)))
  const positions = real.flatMap((n) => Array.from({ length }, (_, i) => Math.max(0, i - (length - n) + 1)))

  const { tf } = loaded
  const trained = tf.tidy(() => {
    const ops = tfjsOps(tf, leavesOf(tf, weights))
    const rows = tf.tensor(mask, [batch, length])
    const places = tf.tensor(positions, [batch, length], 'int32')
    const out = code<Tensor>(ops, tf.tensor(x, [batch, length, d]), rows, places)
    return out.dataSync() as Float32Array
  })

  const ops = onnxOps('test', weights)
  const value = code(ops, ops.input('x', 'float32', ['B', 'L', d]), ops.input('mask', 'bool', ['B', 'L']),
    ops.input('positions', 'int64', ['B', 'L']))
  ops.output('out', value, [])
  const outputs = await runOnnx(ops.build(), {
    x: { type: 'float32', data: x, dims: [batch, length, d] },
    mask: { type: 'bool', data: mask, dims: [batch, length] },
    positions: { type: 'int64', data: positions, dims: [batch, length] },
  })
  return { trained, served: outputs.get('out')! }
}

function expectParity ({ trained, served }: { trained: Float32Array, served: Float32Array }): void {
  const largest = trained.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  expect(largestGap(trained, served)).toBeLessThanOrEqual(1e-5 * largest)
}

const operations: Record<string, Code> = {
  add: (ops, x) => ops.add(x, ops.weight('row')),
  sub: (ops, x, mask) => ops.sub(x, ops.columns(mask)),
  mul: (ops, x, mask) => ops.mul(x, ops.columns(mask)),
  scale: (ops, x) => ops.scale(x, -1.5),
  relu: (ops, x) => ops.relu(x),
  gelu: (ops, x) => ops.gelu(x),
  sigmoid: (ops, x) => ops.sigmoid(x),
  tanh: (ops, x) => ops.tanh(x),
  'linear without a bias': (ops, x) => ops.linear(x, ops.weight('kernel')),
  'linear with a bias': (ops, x) => ops.linear(x, ops.weight('kernel'), ops.weight('bias')),
  matMul: (ops, x) => ops.matMul(ops.matMul(x, ops.relu(x), true), x),
  softmax: (ops, x) => ops.softmax(x),
  layerNorm: (ops, x) => ops.layerNorm(x, ops.weight('row'), ops.weight('row2'), 1e-8),
  'layerNorm of padding rows': (ops, x, mask) =>
    ops.layerNorm(ops.mul(x, ops.columns(mask)), ops.weight('row'), ops.weight('row2'), 1e-8),
  'l2Normalize with zero rows': (ops, x, mask) => ops.l2Normalize(ops.mul(x, ops.columns(mask))),
  gather: (ops, _, __, positions) => ops.gather(ops.weight('positions'), positions),
  concat: (ops, x) => ops.concat([x, ops.relu(x), x]),
  'attentionBias causal_pad': (ops, _, mask) => ops.attentionBias(mask, 'causal_pad'),
  'attentionBias causal': (ops, _, mask) => ops.attentionBias(mask, 'causal'),
  'attentionBias none': (ops, _, mask) => ops.attentionBias(mask, 'none'),
  'attentionBias pad': (ops, _, mask) => ops.attentionBias(mask, 'pad'),
  'attentionBias of sequences in one row': (ops, _, mask, positions) => ops.attentionBias(mask, 'causal_pad', positions),
  'attentionBias of sequences that see both ways': (ops, _, mask, positions) =>
    ops.attentionBias(mask, 'pad', positions),
  'attend with three heads': (ops, x, mask) => ops.attend(
    { query: x, key: ops.tanh(x), value: ops.relu(x) }, ops.attentionBias(mask, 'causal_pad'),
    { d: 6, heads: 3, site: 'here' }),
  'append a number': (ops, _, mask) => ops.append(mask, 1),
  'append a row': (ops, x) => ops.append(x, ops.weight('row')),
  appendPosition: (ops, _, __, positions) => ops.gather(ops.weight('positions'), ops.appendPosition(positions)),
  dropout: (ops, x) => ops.dropout(x, 'here'),
  lastRow: (ops, x) => ops.lastRow(x),
  last: (ops, x) => ops.last(x),
}

describe('the two interpreters of the operations', () => {
  const weights: Weights = new Map([
    ['row', weight(6)], ['row2', weight(6)], ['kernel', weight(6, 4)], ['bias', weight(4)], ['positions', weight(8, 6)],
  ])
  it.each(Object.keys(operations))('agree on %s', async (name) => {
    for (const [batch, length] of [[1, 1], [3, 5]] as const) {
      expectParity(await both(operations[name]!, { batch, length, d: 6, weights }))
    }
  })

  it.each([[1, 'causal_pad'], [2, 'causal_pad'], [2, 'causal'], [1, 'none']] as const)(
    'agree on SASRec with %i heads and mask mode %s, whole and last step alone', async (heads, mode: MaskMode) => {
      const shape = { d: 32, layers: 2, heads }
      const weights = sasrecWeights('s', shape, random)
      for (const [batch, length] of [[1, 1], [8, 1], [1, 7], [8, 7], [1, 50], [8, 50], [1, 200], [8, 200]] as const) {
        const size = { batch, length, d: 32, weights }
        expectParity(await both((ops, x, mask) => sasrec(ops, 's', shape, x, mask, mode), size))
        expectParity(await both((ops, x, mask) => sasrecLast(ops, 's', shape, x, mask, mode), size))
      }
    })

  it.each([1, 2])('agree on GRU4Rec with %i layers, whole and last step alone', async (layers) => {
    const shape = { d: 32, layers }
    const weights = gru4recWeights('g', shape, random)
    for (const [batch, length] of [[1, 1], [8, 1], [1, 7], [8, 7], [1, 50], [8, 50], [1, 200], [8, 200]] as const) {
      const size = { batch, length, d: 32, weights }
      expectParity(await both((ops, x, mask) => gru4rec(ops, 'g', shape, x, mask), size))
      expectParity(await both((ops, x, mask) => gru4recLast(ops, 'g', shape, x, mask), size))
    }
  })

  it.each([1, 2])('agree on BERT4Rec with %i heads, whole and last step alone', async (heads) => {
    const shape = { d: 32, layers: 2, heads }
    const weights = bert4recWeights('b', shape, random)
    for (const [batch, length] of [[1, 1], [8, 1], [1, 7], [8, 7], [1, 50], [8, 50], [1, 200], [8, 200]] as const) {
      const size = { batch, length, d: 32, weights }
      expectParity(await both((ops, x, mask) => bert4rec(ops, 'b', shape, x, mask), size))
      expectParity(await both((ops, x, mask) => bert4recLast(ops, 'b', shape, x, mask), size))
    }
  })
})

describe('a recorded graph', () => {
  const shape = { d: 8, layers: 2, heads: 2 }
  const weights = new Map([...sasrecWeights('s', shape, random), ['unused', weight(3)]])
  const ops = onnxOps('user', weights)
  const x = ops.input('x', 'float32', ['B', 'L', 8])
  ops.output('user_vec', sasrecLast(ops, 's', shape, x, ops.input('mask', 'bool', ['B', 'L']), 'causal_pad'), ['B', 8])
  const model = ModelProto.toObject(ModelProto.decode(ops.build()), { longs: Number, arrays: true }) as Recorded

  it('is opset 17, IR 8, with named ends whose batch and length vary', () => {
    expect(model.ir_version).toBe(8)
    expect(model.opset_import).toMatchObject([{ version: 17 }])
    const ends = [...model.graph.input, ...model.graph.output].map(({ name, type: { tensor_type: type } }) =>
      [name, type.elem_type, type.shape.dim.map(({ dim_param: free, dim_value: fixed }) => free ?? fixed)])
    expect(ends).toEqual([['x', 1, ['B', 'L', 8]], ['mask', 9, ['B', 'L']], ['user_vec', 1, ['B', 8]]])
  })

  it('holds the weights that were used, to the bit, and no other', () => {
    const stored = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]))
    expect(stored.has('weight/unused')).toBe(false)
    for (const [name, { shape: dims, data }] of weights) {
      if (name === 'unused') continue
      expect(stored.get(`weight/${name}`)?.dims).toEqual([...dims])
      expect(Buffer.from(stored.get(`weight/${name}`)!.raw_data)).toEqual(Buffer.from(data.buffer))
    }
  })

  it('records a node once however often it is asked for', () => {
    const keys = model.graph.node.map(({ op_type: type, input, attribute }) => JSON.stringify([type, input, attribute]))
    expect(new Set(keys).size).toBe(keys.length)
  })
})

/** What the tests read of a graph, in the words of ONNX. */
interface Recorded {
  ir_version: number
  opset_import: { version: number }[]
  graph: {
    node: { op_type: string, input: string[], attribute: object[] }[]
    initializer: { name: string, dims: number[], raw_data: Uint8Array }[]
    input: End[]
    output: End[]
  }
}

interface End {
  name: string
  type: { tensor_type: { elem_type: number, shape: { dim: { dim_param?: string, dim_value?: number }[] } } }
}
