import { describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { adapter, adapterWeights } from '../../src/nn/adapter.ts'
import { createAdam } from '../../src/nn/adam.ts'
import { contrastiveLoss } from '../../src/nn/contrastive.ts'
import { createDropout } from '../../src/nn/dropout.ts'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import { xavierNormal } from '../../src/nn/init.ts'
import { clashes, softmaxLoss, totalLoss } from '../../src/nn/losses.ts'
import { sasrec, sasrecWeights } from '../../src/nn/sasrec.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'

const STEPS = 20
const [ITEMS, RAW, D, LENGTH, BATCH] = [120, 24, 32, 12, 16]
/** The next item is always this many further on. */
const STRIDE = 7

/** Losses of steps that use everything that training has: adapter, sparse rows, dropout, both kinds of loss, Adam. */
function train ({ tf }: LoadedTf): number[] {
  const random = createRandom(11)
  const texts = Float32Array.from({ length: ITEMS * RAW }, () => random.normal())
  const table = Float32Array.from({ length: ITEMS * D }, () => 0.02 * random.normal())
  const shape = { d: D, layers: 2, heads: 2 }
  const weights = new Map([
    ...adapterWeights('adapter', RAW, D, random), ...sasrecWeights('mixed', shape, random),
    ['positions', xavierNormal([LENGTH + 1, D], random)] as const,
  ])
  const adam = createAdam({ learningRate: 0.003 })
  const dropout = createDropout(tf, { rate: 0.2, seed: 1 })

  const losses = Array.from({ length: STEPS }, (_, step) => {
    const starts = Array.from({ length: BATCH }, () => random.integer(ITEMS))
    const walk = (from: number): number[] =>
      starts.flatMap((start) => Array.from({ length: LENGTH }, (_, i) => (start + STRIDE * (i + from)) % ITEMS))
    const rows = random.shuffle(Int32Array.from(new Set([...walk(0), ...walk(1)])))
    const local = (items: number[]): Int32Array => Int32Array.from(items, (item) => rows.indexOf(item))
    const [inputs, targets] = [local(walk(0)), local(walk(1))]
    const real = starts.flatMap(() => {
      const pads = random.integer(LENGTH - 1)
      return Array.from({ length: LENGTH }, (_, i) => Math.max(0, i - pads + 1))
    })
    const gathered = (data: Float32Array, width: number): Float32Array =>
      Float32Array.from(Array.from(rows, (row) => [...data.subarray(row * width, (row + 1) * width)]).flat())

    dropout.at(1, step)
    const leaves = new Map([...weights, ['rows', { shape: [rows.length, D], data: gathered(table, D) }] as const])
    const { loss, gradients } = lossAndGradients(tf, leaves, (tensors) => {
      const ops = tfjsOps(tf, tensors, dropout)
      const text: Tensor = tf.tensor2d(gathered(texts, RAW), [rows.length, RAW])
      const adapted = adapter(ops, 'adapter', text)
      const items = ops.l2Normalize(ops.add(adapted, ops.weight('rows'))) // [U, d]
      const places = ops.gather(ops.weight('positions'), tf.tensor2d(real, [BATCH, LENGTH], 'int32'))
      const x = tf.reshape(ops.gather(items, tf.tensor1d(inputs, 'int32')), [BATCH, LENGTH, D])
      const mask = tf.tensor2d(real.map((position) => Number(position > 0)), [BATCH, LENGTH])
      const entry = ops.dropout(ops.add(ops.scale(x, 5), places), 'entry')
      const steps = sasrec<Tensor>(ops, 'mixed', shape, entry, mask, 'causal_pad')
      const users = ops.scale(ops.l2Normalize(tf.reshape(steps, [-1, D])), 8) // [B * L, d]
      const shared = Int32Array.from({ length: 40 }, (_, i) => i)
      const positive = tf.sum(tf.mul(users, ops.gather(items, tf.tensor1d(targets, 'int32'))), -1)
      const negative = tf.matMul(users, tf.slice(items, [0, 0], [40, D]), false, true)
      const next = softmaxLoss(tf, { positive, negative, clash: clashes(tf, targets, shared) }, 'mean')
      const [first, second] = [tf.slice(adapted, [0, 0], [20, D]), tf.slice(adapted, [20, 0], [20, D])]
      const pairs = contrastiveLoss(tf, 'dcl', first, second, 1)
      return { loss: totalLoss(tf, [{ weight: 1, value: next }, { weight: 0.1, value: pairs }]) }
    })
    adam.begin()
    for (const [name, gradient] of gradients) {
      if (name === 'rows') adam.sparse('table', table, rows, gradient)
      else adam.dense(name, weights.get(name)!.data, gradient)
    }
    return loss
  })
  dropout.dispose()
  expect(tf.memory().numTensors).toBe(0)
  return losses
}

/** The native backend; undefined, if not in CI, where it was not built. */
async function native (): Promise<LoadedTf | undefined> {
  try {
    return await loadTf('native')
  } catch (error) {
    if (process.env.CI || !(error instanceof IsthmusError) || error.code !== 'backend_unavailable') throw error
    return undefined
  }
}

describe('training on the native backend', () => {
  it('sums rows, columns and all of a tensor as any backend does', async ({ skip }) => {
    const loaded = await native()
    if (loaded === undefined) return skip('the native backend is not built: npm run setup:native')
    const { tf } = loaded
    const sums = tf.tidy(() => {
      const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])
      const all = [tf.sum(x, [0, 1]), tf.sum(x, 0), tf.sum(x, -1), tf.sum(x), tf.sum(x, [0, 1], true)]
      const counted = tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0)
      return [...all, counted, tf.sum(tf.zeros([0, 3]), 0)].map((sum) => [sum.shape, [...sum.dataSync()]])
    })
    loaded.close()
    expect(sums).toEqual([
      [[2], [16, 20]], [[2, 2], [6, 8, 10, 12]], [[2, 2], [3, 7, 11, 15]], [[], [36]], [[1, 1, 2], [16, 20]],
      [[2], [4, 6]], [[3], [0, 0, 0]],
    ])
  })

  it(`takes ${STEPS} steps to the same losses as on wasm, within 1e-5 of them`, async ({ skip }) => {
    const loaded = await native()
    if (loaded === undefined) return skip('the native backend is not built: npm run setup:native')
    const here = train(loaded)
    loaded.close()
    const wasm = await loadTf('wasm')
    const there = train(wasm)
    wasm.close()
    expect(here.length).toBe(STEPS)
    expect(here.at(-1)).toBeLessThan(here[0]! - 0.1)
    for (const [step, loss] of here.entries()) {
      expect(Math.abs(loss - there[step]!) / Math.abs(there[step]!), `step ${step}`).toBeLessThanOrEqual(1e-5)
    }
  })
})
