import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { encodeUser } from '../../src/systems/encode-user.ts'
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
