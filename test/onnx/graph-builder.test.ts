import { describe, expect, it } from 'vitest'
import { createGraph } from '../../src/onnx/graph-builder.ts'
import { ModelProto } from '../../src/onnx/model-proto.ts'
import { runOnnx } from '../nn/onnx.ts'

const decoded = (bytes: Uint8Array): Record<string, unknown> =>
  ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true })

describe('a graph', () => {
  it('runs: constants, attributes of every kind and nodes with several outputs', async () => {
    const graph = createGraph('test')
    const x = graph.input('x', 'float32', ['B', 4])
    const [first, second] = graph.nodes('Split', [x, graph.integers([1, 3])], 2, { axis: 1 })
    const leaky = graph.node('LeakyRelu', [second!], { alpha: { real: 0.5 } })
    const turned = graph.node('Transpose', [graph.node('Add', [leaky, first!])], { perm: [1, 0] })
    graph.output('y', graph.node('Mul', [turned, graph.scalar(10)]), 'float32', [3, 'B'])
    const outputs = await runOnnx(graph.build(), {
      x: { type: 'float32', data: [1, 2, -4, 6, 0, -2, 8, 1], dims: [2, 4] },
    })
    expect([...outputs.get('y')!]).toEqual([30, -10, -10, 80, 70, 10])
  })

  it('stores a constant once by name, and the same node once', () => {
    const graph = createGraph('test')
    const x = graph.input('x', 'float32', ['B'])
    expect(graph.scalar(2)).toBe(graph.scalar(2))
    expect(graph.node('Add', [x, graph.scalar(2)])).toBe(graph.node('Add', [x, graph.scalar(2)]))
    expect(graph.node('Sub', [x, graph.scalar(2)])).not.toBe(graph.node('Add', [x, graph.scalar(2)]))
    expect(graph.node('Softmax', [x], { axis: 0 })).not.toBe(graph.node('Softmax', [x], { axis: -1 }))
    expect(decoded(graph.build())).toMatchObject({
      graph: { name: 'test', node: [{ op_type: 'Add' }, { op_type: 'Sub' }, {}, {}], initializer: [{ dims: [] }] },
    })
  })

  it('takes operators of other domains, and constants of bytes', async () => {
    const graph = createGraph('test')
    const x = graph.input('x', 'float32', ['B', 16])
    const values = new Uint8Array(2 * 16).fill(128).fill(138, 16)
    graph.output('y', graph.node('com.microsoft.MatMulNBits', [
      x, graph.constant('rows', [2, 1, 16], values), graph.constant('scales', [2], Float32Array.of(1, 0.5)),
    ], { K: 16, N: 2, bits: 8, block_size: 16 }), 'float32', ['B', 2])
    const outputs = await runOnnx(graph.build(), { x: { type: 'float32', data: new Array(16).fill(1), dims: [1, 16] } })
    expect([...outputs.get('y')!]).toEqual([0, 80])
  })

  it('gives a value two names as two outputs', async () => {
    const graph = createGraph('test')
    const x = graph.input('x', 'float32', [1])
    for (const name of ['a', 'b']) graph.output(name, x, 'float32', [1])
    const outputs = await runOnnx(graph.build(), { x: { type: 'float32', data: [5], dims: [1] } })
    expect([outputs.get('a')![0], outputs.get('b')![0]]).toEqual([5, 5])
  })

  it('is the same bytes when it is recorded again', () => {
    const record = (): Uint8Array => {
      const graph = createGraph('test')
      graph.output('y', graph.node('Relu', [graph.input('x', 'float32', ['B', 2])]), 'float32', ['B', 2])
      return graph.build()
    }
    expect(record()).toEqual(record())
  })
})
