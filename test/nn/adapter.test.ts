import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapter, adapterWeights, foldAdapter, type AffineMap } from '../../src/nn/adapter.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { sasrec } from '../../src/nn/sasrec.ts'
import { loadTf, type LoadedTf, type Tensor } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { golden, kernel, sasrecFromGolden, vector, type GoldenSasrec, type Matrix } from './golden.ts'
import { expectClose, leavesOf } from './tensors.ts'

let loaded: LoadedTf
beforeAll(async () => {
  loaded = await loadTf('cpu')
})
afterAll(() => loaded.close())

interface Layers { W2: Matrix, b2: number[], W1: Matrix, b1: number[] }
const weightsOf = ({ W2, b2, W1, b1 }: Layers): Weights => new Map([
  ['a.in.kernel', kernel(W2)], ['a.in.bias', vector(b2)], ['a.out.kernel', kernel(W1)], ['a.out.bias', vector(b1)],
])
const apply = ({ inputs, outputs, matrix, offset }: AffineMap, x: number[]): number[] =>
  Array.from({ length: outputs }, (_, o) => x.reduce((sum, v, i) => sum + v * matrix[o * inputs + i]!, offset[o]!))

describe('the adapter', () => {
  const { inputs, expected } = golden<Layers & { e_llm: Matrix }, Record<string, Matrix>>('02_adapter_two_linear')
  const weights = weightsOf(inputs)
  const run = (rows: Matrix): Float32Array => {
    const { tf } = loaded
    return tf.tidy(() => adapter(tfjsOps(tf, leavesOf(tf, weights)), 'a', tf.tensor2d(rows) as Tensor).dataSync()) as
      Float32Array
  }

  it('has the golden outputs, and maps a zero row to its bias', () => {
    expectClose(run(inputs.e_llm), expected.e_tilde!, 1e-5)
    expectClose(run([[0, 0, 0, 0]]), expected.pad_row!, 1e-5)
  })

  it('folds into the golden map, which gives the same outputs', () => {
    const folded = foldAdapter(weights, 'a')
    expectClose(folded.matrix, expected.folded_W!, 1e-5)
    expectClose(folded.offset, expected.folded_b!, 1e-5)
    expectClose(inputs.e_llm.flatMap((row) => apply(folded, row)), expected.e_tilde!, 1e-5)
  })

  it('narrows to half the raw width, then to d', () => {
    const shapes = [...adapterWeights('a', 9, 3, createRandom(1))].map(([name, { shape }]) => [name, shape])
    expect(shapes).toEqual([
      ['a.in.kernel', [9, 4]], ['a.in.bias', [4]], ['a.out.kernel', [4, 3]], ['a.out.bias', [3]],
    ])
  })

  it('before positions and backbone gives the golden user vector and scores', () => {
    const { tf } = loaded
    interface Case11 extends Layers {
      ids: number[], positions: number[], heads: number, llm_table: Matrix, pos_emb: Matrix, emb_scale: number
    }
    interface Expected11 { encoder_input: Matrix, u_global: number[], scores_items_1_to_7: number[] }
    const case11 = golden<Case11, Expected11>('11_global_user_vector')
    const { ids, positions, heads, llm_table: table, pos_emb: places, emb_scale: scale } = case11.inputs
    const { params } = golden<{ params: GoldenSasrec }, unknown>('10_sasrec_backbone_forward').inputs
    tf.tidy(() => {
      const all = leavesOf(tf, new Map([...weightsOf(case11.inputs), ...sasrecFromGolden('s', params)]))
      const ops = tfjsOps(tf, all)
      const items = adapter<Tensor>(ops, 'a', tf.tensor2d(table)) // [8, 4]
      const x = ops.add(ops.scale(ops.gather(items, tf.tensor2d([ids], [1, 5], 'int32')), scale),
        ops.gather(tf.tensor2d(places), tf.tensor2d([positions], [1, 5], 'int32')))
      expectClose(x, case11.expected.encoder_input, 1e-4)
      const mask = tf.tensor2d([ids.map((id) => Number(id > 0))])
      const user = ops.last(sasrec<Tensor>(ops, 's', { d: 4, layers: 2, heads }, x, mask, 'causal_pad'))
      expectClose(user, case11.expected.u_global, 1e-4)
      expectClose(ops.matMul(user, tf.slice(items, [1, 0]), true), case11.expected.scores_items_1_to_7, 1e-4)
    })
  })
})

describe('a score over joined halves', () => {
  interface Case3 { u_global: Matrix, u_local: Matrix, e_global: Matrix, e_local: Matrix }
  const { inputs, expected } = golden<Case3, Record<string, Matrix>>('03_concat_score')

  it('is the golden sum of the two dot products, and the global one where the local half is zero', () => {
    const { tf } = loaded
    tf.tidy(() => {
      const ops = tfjsOps(tf, new Map())
      const [global, local, itemGlobal, itemLocal] =
        [inputs.u_global, inputs.u_local, inputs.e_global, inputs.e_local].map((rows): Tensor => tf.tensor2d(rows))
      const items = ops.concat([itemGlobal!, itemLocal!])
      const scores = ops.matMul(ops.concat([global!, local!]), items, true)
      expectClose(scores, expected.scores!, 1e-5)
      expectClose(scores, expected.sum_of_dots!, 1e-5)
      const none = ops.mul(local!, tf.tensor2d([[0], [0]]))
      expectClose(ops.matMul(ops.concat([global!, none]), items, true), expected.scores_empty_local!, 1e-5)
      const order = (row: number[]): number[] => row.map((_, i) => i).sort((i, j) => row[j]! - row[i]!)
      expect((scores.arraySync() as Matrix).map(order)).toEqual(expected.ranking)
    })
  })
})
