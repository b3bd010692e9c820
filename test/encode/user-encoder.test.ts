import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openUserEncoder, type WindowItem } from '../../src/encode/user-encoder.ts'
import { createGraph } from '../../src/onnx/graph-builder.ts'
import { type TinyBundle, type TinyItem, writeTinyBundle } from '../support/tiny-bundle.ts'

let tiny: TinyBundle
let model: Buffer
beforeAll(async () => {
  tiny = await writeTinyBundle()
  model = await readFile(join(tiny.dir, 'user-sport.onnx'))
})
afterAll(async () => await tiny.close())

const open = async (bytes: Uint8Array = model) =>
  await openUserEncoder(bytes, tiny.manifest.encoder, { provider: 'cpu', file: 'user-sport.onnx' })
const windowOf = (history: readonly TinyItem[]): WindowItem[] =>
  history.map((item) => ({ vector: tiny.vectors[tiny.items.indexOf(item)]!, own: item.domain === 'sport' }))

describe('a user encoder', () => {
  it('gives each of a batch what it gives it alone, whatever the longest is', async () => {
    const encoder = await open()
    const histories = [tiny.items.slice(0, 1), tiny.items.slice(50, 70), tiny.items.slice(60, 63), []]
    const together = await encoder.encode(histories.map(windowOf))
    for (const [i, history] of histories.entries()) {
      const expected = tiny.userVector(history, 'sport')
      const [alone, batched] = [await encoder.encode([windowOf(history)]), together.subarray(i * 32, (i + 1) * 32)]
      for (const vector of [alone, batched]) {
        expect([...vector]).toEqual([...expected].map((value) => expect.closeTo(value, 6)))
      }
    }
    await encoder.close()
  })

  it('gives each row its own vector where a batch is run in parts', async () => {
    const encoder = await open()
    // So many short ones beside long ones that padding them costs more than a run.
    const histories = Array.from({ length: 260 }, (_, i) => tiny.items.slice(i % 40, i % 40 + (i % 60 === 7 ? 20 : 1)))
    const together = await encoder.encode(histories.map(windowOf))
    for (const [i, history] of histories.entries()) {
      const [alone, batched] = [await encoder.encode([windowOf(history)]), together.subarray(i * 32, (i + 1) * 32)]
      expect([...batched]).toEqual([...alone].map((value) => expect.closeTo(value, 6)))
    }
    await encoder.close()
  })

  it('leaves the local half of a user without an item of the domain at zero', async () => {
    const encoder = await open()
    const vector = await encoder.encode([windowOf(tiny.items.slice(70, 75))])
    expect([...vector.subarray(16)]).toEqual(Array(16).fill(0))
    await encoder.close()
  })

  it('is refused where its graph has other inputs', async () => {
    const graph = createGraph('other')
    graph.output('user_vec', graph.input('x_global', 'float32', ['B', 32]), 'float32', ['B', 32])
    await expect(open(graph.build())).rejects.toMatchObject({
      code: 'artefact_invalid', place: { file: 'user-sport.onnx' },
    })
  })

  it('fails where its answer is not finite', async () => {
    const encoder = await open()
    const vector = new Float32Array(32).fill(Number.NaN)
    await expect(encoder.encode([[{ vector, own: true }]])).rejects.toMatchObject({ code: 'engine_bad_output' })
    await encoder.close()
  })
})
