import { describe, expect, it } from 'vitest'
import { openSession, type OrtTensor } from '../../src/encode/ort.ts'
import { valueRanges } from '../../src/encode/value-ranges.ts'
import { createGraph } from '../../src/onnx/graph-builder.ts'
import { ModelProto } from '../../src/onnx/model-proto.ts'
import { quantizeModel, roundedValues } from '../../src/onnx/quantize.ts'
import { createRandom } from '../../src/random.ts'

/** x [B, 6] through two layers and a second head; the other input, y [6, C], meets x in a product of two inputs. */
function layers (): Uint8Array {
  const random = createRandom(1)
  const matrix = (rows: number, columns: number): Float32Array =>
    Float32Array.from({ length: rows * columns }, (_, i) => i % columns === 2 ? 0 : random.normal() * (1 + i % columns))
  const graph = createGraph('layers')
  const x = graph.input('x', 'float32', ['B', 6])
  const y = graph.input('y', 'float32', [6, 'C'])
  const hidden = graph.node('Relu', [graph.node('MatMul', [x, graph.constant('one', [6, 8], matrix(6, 8))])])
  graph.output('out', graph.node('MatMul', [hidden, graph.constant('two', [8, 4], matrix(8, 4))]), 'float32', ['B', 4])
  graph.output('head', graph.node('MatMul', [hidden, graph.constant('three', [8, 3], matrix(8, 3))]), 'float32', ['B', 3])
  graph.output('both', graph.node('MatMul', [x, y]), 'float32', ['B', 'C'])
  return graph.build()
}

function feedsOf (rows: readonly Float32Array[]): Record<string, OrtTensor> {
  const random = createRandom(2)
  return {
    x: { type: 'float32', data: Float32Array.from(rows.flatMap((row) => [...row])), dims: [rows.length, 6] },
    y: { type: 'float32', data: Float32Array.from({ length: 12 }, () => random.normal()), dims: [6, 2] },
  }
}

async function run (bytes: Uint8Array, feeds: Record<string, OrtTensor>): Promise<Record<string, Float32Array>> {
  const session = await openSession(bytes, { provider: 'cpu' })
  const found = await session.run(feeds)
  await session.close()
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]))
}

const random = createRandom(3)
const rows = Array.from({ length: 5 }, () => Float32Array.from({ length: 6 }, () => random.normal()))

async function quantized (): Promise<Uint8Array> {
  const found = roundedValues(layers())
  if ('reason' in found) throw new Error(found.reason)
  return quantizeModel(layers(), await valueRanges(layers(), found.values, [feedsOf(rows)]))
}

describe('a model in int8', () => {
  it('computes products with constant matrices in bytes, about as well, and leaves all others alone', async () => {
    const [exact, rounded] = [await run(layers(), feedsOf(rows)), await run(await quantized(), feedsOf(rows))]
    expect(rounded['both']).toEqual(exact['both'])
    for (const name of ['out', 'head']) {
      const [wanted, got] = [exact[name]!, rounded[name]!]
      expect(got).not.toEqual(wanted)
      const largest = Math.max(...wanted.map(Math.abs))
      for (const [i, value] of wanted.entries()) expect(Math.abs(value - got[i]!)).toBeLessThan(0.04 * largest)
    }
    // A column of zeros stays one.
    expect([2, 6, 10, 14, 18].map((i) => rounded['out']![i])).toEqual([0, 0, 0, 0, 0])
  })

  it('gives a row the same numbers whoever is beside it, since its steps are fixed', async () => {
    const small = await quantized()
    const loud = Float32Array.of(500, -500, 500, -500, 500, -500)
    const [alone, together] = [await run(small, feedsOf([rows[0]!])), await run(small, feedsOf([rows[0]!, loud]))]
    expect([...together['out']!.subarray(0, 4)]).toEqual([...alone['out']!])
  })

  it('clips what lies outside of the range that was seen', async () => {
    const far = rows[0]!.map((value) => 1e6 * value)
    const { out } = await run(await quantized(), feedsOf([far]))
    expect(Math.max(...out!.map(Math.abs))).toBeLessThan(1e4)
  })

  it('keeps no matrix in floats beside its bytes, and rounds a value once for all products that it is in', async () => {
    const { graph } = ModelProto.toObject(ModelProto.decode(await quantized()), { longs: Number }) as {
      graph: { initializer: { name: string }[], node: { op_type: string, input: string[] }[] }
    }
    expect(graph.initializer.map(({ name }) => name)).not.toContain('one')
    const rounded = graph.node.filter(({ op_type: type }) => type === 'QuantizeLinear').map(({ input }) => input[0])
    expect(new Set(rounded).size).toBe(rounded.length)
    expect(rounded).toHaveLength(2)
  })
})

describe('what cannot be in int8 says why', () => {
  it('a graph without a product of a value and a constant matrix', () => {
    const graph = createGraph('plain')
    const x = graph.input('x', 'float32', ['B', 6])
    graph.output('out', graph.node('MatMul', [x, graph.input('y', 'float32', [6, 'C'])]), 'float32', ['B', 'C'])
    expect(roundedValues(graph.build())).toEqual({ reason: 'nothing in it is multiplied by a constant matrix' })
  })

  it('a graph with an operator GRU', () => {
    const graph = createGraph('recurrent')
    const x = graph.input('x', 'float32', ['L', 'B', 2])
    const weights = (name: string, inputs: number): string =>
      graph.constant(name, [1, 6, inputs], new Float32Array(6 * inputs))
    const states = graph.node('GRU', [x, weights('w', 2), weights('r', 2)], { hidden_size: 2 })
    graph.output('out', graph.node('MatMul', [states, graph.constant('d', [2, 2], new Float32Array(4))]), 'float32', [])
    expect(roundedValues(graph.build())).toEqual({ reason: 'the operator GRU has no form in int8' })
  })
})
