import { expect, it } from 'vitest'
import { openSession } from '../../src/encode/ort.ts'
import { createGraph } from '../../src/onnx/graph-builder.ts'
import { quantizeModel } from '../../src/onnx/quantize.ts'
import { createRandom } from '../../src/random.ts'

/** x [B, 6] through two layers; the second input, y [6, B], meets the first in a product of two inputs. */
function model (): Uint8Array {
  const random = createRandom(1)
  const matrix = (rows: number, columns: number): Float32Array =>
    Float32Array.from({ length: rows * columns }, (_, i) => i % columns === 2 ? 0 : random.normal() * (1 + i % columns))
  const graph = createGraph('layers')
  const x = graph.input('x', 'float32', ['B', 6])
  const y = graph.input('y', 'float32', [6, 'C'])
  const hidden = graph.node('Relu', [graph.node('MatMul', [x, graph.constant('one', [6, 8], matrix(6, 8))])])
  graph.output('out', graph.node('MatMul', [hidden, graph.constant('two', [8, 4], matrix(8, 4))]), 'float32', ['B', 4])
  graph.output('both', graph.node('MatMul', [x, y]), 'float32', ['B', 'C'])
  return graph.build()
}

it('computes products with constant matrices in bytes, about as well, and leaves all others alone', async () => {
  const random = createRandom(2)
  const feeds = {
    x: { type: 'float32' as const, data: Float32Array.from({ length: 30 }, () => random.normal()), dims: [5, 6] },
    y: { type: 'float32' as const, data: Float32Array.from({ length: 12 }, () => random.normal()), dims: [6, 2] },
  }
  const float = model()
  const small = quantizeModel(float)
  const run = async (bytes: Uint8Array) => {
    const session = await openSession(bytes, { provider: 'cpu' })
    const found = await session.run(feeds)
    await session.close()
    return { out: found.out!.data as Float32Array, both: found.both!.data as Float32Array }
  }
  const [exact, rounded] = [await run(float), await run(small)]
  expect(rounded.both).toEqual(exact.both)
  expect(rounded.out).not.toEqual(exact.out)
  const largest = Math.max(...exact.out.map(Math.abs))
  for (const [i, value] of exact.out.entries()) expect(Math.abs(value - rounded.out[i]!)).toBeLessThan(0.04 * largest)
  // A column of zeros stays one.
  expect([2, 6, 10, 14, 18].map((i) => rounded.out[i])).toEqual([0, 0, 0, 0, 0])
})
