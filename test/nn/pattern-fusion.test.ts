import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onnxOps } from '../../src/nn/onnx-ops.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { fusePatterns, patternFusionWeights, patternsWeight } from '../../src/nn/pattern-fusion.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { golden, kernel, type Matrix } from './golden.ts'
import { runOnnx } from './onnx.ts'
import { expectClose, leavesOf } from './tensors.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

const { inputs, expected } = golden<{ y: Matrix, patterns: Matrix, W_f: Matrix }, {
  alpha: Matrix, s_tilde: Matrix, g: Matrix, g_with_identity_init: Matrix
}>('24_recg_pattern_attention')
const patterns = patternsWeight(inputs.patterns.flat(), 3)
const start = new Map([...patternFusionWeights('f', 4, 3), ['f.patterns', patterns] as const])

function fused (weights: Weights): Float32Array {
  return loaded.tf.tidy(() => {
    const ops = tfjsOps(loaded.tf, leavesOf(loaded.tf, weights))
    return fusePatterns(ops, 'f', loaded.tf.tensor2d(inputs.y)).dataSync<'float32'>()
  })
}

describe('pattern fusion', () => {
  it('is that of golden case 24', () => {
    expectClose(fused(new Map([...start, ['f.fuse.kernel', kernel(inputs.W_f)]])), expected.g, 1e-6)
  })

  it('gives the user vector back with the weights it starts from, whatever the patterns', () => {
    expectClose(fused(start), expected.g_with_identity_init, 1e-7)
    expectClose(fused(patternFusionWeights('f', 2, 3)), inputs.y, 1e-7)
  })

  it('mixes patterns by shares that add up to 1, and one pattern alone is the mixture', () => {
    const onlyMixture = kernel(inputs.W_f.map((_, row) => [0, 0, 0, ...[0, 1, 2].map((i) => Number(i === row))]))
    expectClose(fused(new Map([...start, ['f.fuse.kernel', onlyMixture]])), expected.s_tilde, 1e-6)
    for (const shares of expected.alpha) expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 9)
    const [first] = inputs.patterns
    const single: Weights = new Map([['f.patterns', patternsWeight(first!, 3)], ['f.fuse.kernel', onlyMixture]])
    expectClose(fused(single), [first, first], 1e-6)
  })

  it('is the same in ONNX', async () => {
    const weights: Weights = new Map([...start, ['f.fuse.kernel', kernel(inputs.W_f)]])
    const ops = onnxOps('patterns', weights)
    ops.output('g', fusePatterns(ops, 'f', ops.input('y', 'float32', ['B', 3])), ['B', 3])
    const served = await runOnnx(ops.build(), { y: { type: 'float32', data: inputs.y.flat(), dims: [2, 3] } })
    expectClose(served.get('g')!, expected.g, 1e-6)
  })
})
