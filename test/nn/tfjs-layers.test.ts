import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { loadTf, type LoadedTf, type Tensor, type Tf } from '../../src/nn/tf.ts'
import { attend } from '../../src/nn/tfjs-attention.ts'
import { gather, l2Normalize, layerNorm, linear, masked, relu, sum } from '../../src/nn/tfjs-layers.ts'
import { expectClose } from './tensors.ts'

/** One operation in two ways: ours, and as a plain composition that the tape differentiates. */
interface Pair {
  readonly shapes: readonly (readonly number[])[]
  readonly ours: (tf: Tf, ...inputs: Tensor[]) => Tensor
  readonly plain: (tf: Tf, ...inputs: Tensor[]) => Tensor
}

const KEPT = [2, 0, 2, 2, 0, 2, 2, 2, 0, 2, 2, 2]
const PLACES = [[0, 2, 2], [4, 0, 0]]

const pairs: Record<string, Pair> = {
  sum: { shapes: [[2, 3, 4], [2, 3, 4]], ours: (tf, a, b) => sum(tf, a, b), plain: (tf, a, b) => tf.add(a, b) },
  'sum of what was used before': {
    shapes: [[2, 3], [2, 3]],
    ours: (tf, a, b) => tf.add(tf.relu(a), sum(tf, a, b)),
    plain: (tf, a, b) => tf.add(tf.relu(a), tf.add(a, b)),
  },
  masked: {
    shapes: [[3, 4]],
    ours: (tf, x) => masked(tf, x, () => tf.tensor2d(KEPT, [3, 4])),
    plain: (tf, x) => tf.mul(x, tf.tensor2d(KEPT, [3, 4])),
  },
  'linear of rows': {
    shapes: [[5, 3], [3, 4], [4]],
    ours: (tf, x, kernel, bias) => linear(tf, x, kernel, bias),
    plain: (tf, x, kernel, bias) => tf.add(tf.matMul(x, kernel), bias),
  },
  'linear of steps, without a bias': {
    shapes: [[2, 5, 3], [3, 4]],
    ours: (tf, x, kernel) => linear(tf, x, kernel),
    plain: (tf, x, kernel) => tf.reshape(tf.matMul(tf.reshape(x, [10, 3]), kernel), [2, 5, 4]),
  },
  layerNorm: {
    shapes: [[2, 3, 8], [8], [8]],
    ours: (tf, x, gain, bias) => layerNorm(tf, x, gain, bias, 1e-3),
    plain (tf, x, gain, bias) {
      const { mean, variance } = tf.moments(x, -1, true)
      return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gain), bias)
    },
  },
  relu: { shapes: [[4, 5]], ours: (tf, x) => relu(tf, x), plain: (tf, x) => tf.relu(x) },
  gather: {
    shapes: [[5, 4]],
    ours: (tf, table) => gather(tf, table, tf.tensor2d(PLACES, [2, 3], 'int32')),
    plain: (tf, table) => tf.gather(table, tf.tensor2d(PLACES, [2, 3], 'int32')),
  },
  l2Normalize: {
    shapes: [[4, 5]],
    ours: (tf, x) => l2Normalize(tf, x),
    plain: (tf, x) => tf.div(x, tf.sqrt(tf.sum(tf.square(x), -1, true))),
  },
  ...Object.fromEntries([1, 2].map((heads) => [`attention with ${heads} head(s)`, attention(heads)])),
}

/** Under a causal bias, with shares dropped. */
function attention (heads: number): Pair {
  const bias = [[0, -1e9, -1e9], [0, 0, -1e9], [0, 0, 0]]
  const drop = (tf: Tf, shares: Tensor): Tensor =>
    tf.mul(shares, tf.tensor(Array.from({ length: shares.size }, (_, i) => i % 5 === 3 ? 0 : 1.25), shares.shape))
  return {
    shapes: [[2, 3, 4], [2, 3, 4], [2, 3, 4]],
    ours: (tf, query, key, value) =>
      attend(tf, { query, key, value }, tf.tensor4d([[bias]]), heads, (shares) => drop(tf, shares)),
    plain (tf, ...parts) {
      const [q, k, v] = parts.map((x) => tf.transpose(tf.reshape(x, [2, 3, heads, 4 / heads]), [0, 2, 1, 3]))
      const scores = tf.add(tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(4 / heads)), tf.tensor4d([[bias]]))
      const seen = tf.matMul(drop(tf, tf.softmax(scores)), v!)
      return tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [2, 3, 4])
    },
  }
}

describe.each(['cpu', 'wasm'] as const)('layers with gradients of their own, on %s', (backend) => {
  let loaded: LoadedTf
  beforeAll(async () => {
    loaded = await loadTf(backend)
  })
  afterAll(() => loaded.close())

  it.each(Object.keys(pairs))('%s has the value and the gradients that the tape finds, and leaves no tensor', (name) => {
    const { tf } = loaded
    const { shapes, ours, plain } = pairs[name]!
    const random = createRandom(3, name)
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const draw = (shape: readonly number[]): Tensor =>
        tf.tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()), [...shape])
      const inputs = shapes.map(draw)
      const weight = draw(plain(tf, ...inputs).shape)
      const found = [ours, plain].map((compute) => tf.valueAndGrads((...given: Tensor[]) =>
        tf.sum(tf.mul(compute(tf, ...given), weight)).asScalar())(inputs))
      expectClose(ours(tf, ...inputs), plain(tf, ...inputs).dataSync() as Float32Array, 1e-5)
      for (const [i, gradient] of found[0]!.grads.entries()) {
        expect(gradient.shape).toEqual(shapes[i])
        expectClose(gradient, found[1]!.grads[i]!.dataSync() as Float32Array, 1e-5)
      }
    })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('a short row gets a zero vector and sends no gradient', () => {
    const { tf } = loaded
    tf.tidy(() => {
      const grads = tf.grads((x: Tensor) => tf.sum(l2Normalize(tf, x)).asScalar())([tf.tensor2d([[1e-9, 0], [3, 4]])])
      expectClose(tf.slice(grads[0]!, [0, 0], [1, 2]), [0, 0], 0)
      expectClose(l2Normalize(tf, tf.tensor2d([[1e-9, 0], [3, 4]])), [0, 0, 0.6, 0.8], 1e-7)
    })
  })
})
