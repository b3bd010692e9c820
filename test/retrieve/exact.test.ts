import { expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { openExactIndex } from '../../src/retrieve/exact.ts'
import { candidateIndexContract } from './candidate-index.contract.ts'

for (const rows of ['float32', 'int8'] as const) {
  candidateIndexContract(`the exact index over ${rows} rows`, async (base, width) =>
    await openExactIndex(base, width, { provider: 'cpu', rows }))
}

it('finds the same to the last bit however the scan keeps its rows, for any width and length of rows', async () => {
  const random = createRandom(5)
  for (const width of [16, 64, 100, 256]) {
    const base = Float32Array.from({ length: 2000 * width }, (_, i) =>
      random.normal() * (i % width < 20 ? 1 : 0.1) * (1 + Math.floor(i / width) % 3))
    const queries = Float32Array.from({ length: 20 * width }, () => random.normal())
    const requests = Array.from({ length: 20 }, (_, q) => ({ k: 1 + q * 3, excluded: new Set([q, 5]) }))
    const [floats, bytes] = [
      await openExactIndex(base, width, { provider: 'cpu', rows: 'float32' }),
      await openExactIndex(base, width, { provider: 'cpu', rows: 'int8' }),
    ]
    expect(await bytes.search(queries, requests)).toEqual(await floats.search(queries, requests))
    await floats.close()
    await bytes.close()
  }
})

it('finds the same whether it reads float32 or int8, which many queries for many rows have it change', async () => {
  const width = 256
  const random = createRandom(7)
  const base = Float32Array.from({ length: 2500 * width }, () => random.normal())
  const queries = Float32Array.from({ length: 6 * width }, () => random.normal())
  const requests = Array.from({ length: 6 }, () => ({ k: 60, excluded: new Set([3]) }))
  const [index, floats] = [
    await openExactIndex(base, width, { provider: 'cpu' }),
    await openExactIndex(base, width, { provider: 'cpu', rows: 'float32' }),
  ]
  for (const [from, to] of [[0, 6], [0, 2], [2, 6]] as const) {
    const asked = [queries.subarray(from * width, to * width), requests.slice(from, to)] as const
    expect(await index.search(...asked)).toEqual(await floats.search(...asked))
  }
  await index.close()
  await floats.close()
})

it('finds the best of rows that eight bits cannot tell apart', async () => {
  const width = 64
  const random = createRandom(6)
  const one = Float32Array.from({ length: width }, () => random.normal())
  const base = Float32Array.from({ length: 1000 * width }, (_, i) => one[i % width]! * (1 + 1e-4 * random.normal()))
  const index = await openExactIndex(base, width, { provider: 'cpu', rows: 'int8' })
  const floats = await openExactIndex(base, width, { provider: 'cpu', rows: 'float32' })
  const request = [{ k: 10, excluded: new Set<number>() }]
  expect(await index.search(one, request)).toEqual(await floats.search(one, request))
  await index.close()
  await floats.close()
})
