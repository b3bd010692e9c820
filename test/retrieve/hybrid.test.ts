import { describe, expect, it } from 'vitest'
import type { CandidateIndex } from '../../src/retrieve/candidate-index.ts'
import { openExactIndex } from '../../src/retrieve/exact.ts'
import { buildHnsw } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { openHnswIndex } from '../../src/retrieve/hnsw.ts'
import { graphUpTo, hybridIndex } from '../../src/retrieve/hybrid.ts'
import { candidateIndexContract, makeVectors } from './candidate-index.contract.ts'

const driver = await findHnswDriver()
const WIDTH = 24

describe.skipIf(driver === undefined)('an index that is both (skipped where hnswlib-node is not installed)', () => {
  if (driver === undefined) return
  /** Built once for one content: the contract opens the same rows again and again. */
  const built = new Map<string, Promise<Buffer>>()
  const build = async (base: Float32Array): Promise<Buffer> => {
    const key = `${base.length}:${base[0]}`
    const known = built.get(key) ?? buildHnsw(base, WIDTH, driver)
    built.set(key, known)
    // A copy: what is read goes to the thread.
    return Buffer.from(await known)
  }
  const open = async (base: Float32Array, upTo: number): Promise<CandidateIndex> => hybridIndex(
    await openExactIndex(base, WIDTH, { provider: 'cpu' }),
    await openHnswIndex({ shards: [async () => await build(base)], base, width: WIDTH, efSearch: 256 }),
    () => upTo)

  // One query goes to the graph and several are scanned, so that the contract compares the two.
  candidateIndexContract('the hybrid index', async (base) => await open(base, 1))

  it('asks the graph for as many queries as it is cheaper for, scans more, and counts both', async () => {
    const index = await open(makeVectors(500, WIDTH, 1), 2)
    const queries = (count: number): Float32Array => makeVectors(count, WIDTH, 3)
    const ask = async (count: number): Promise<void> => {
      await index.search(queries(count), Array.from({ length: count }, () => ({ k: 3, excluded: new Set<number>() })))
    }
    await ask(1)
    await ask(2)
    expect(index.searched).toEqual({ exact: 0, hnsw: 3 })
    await ask(3)
    await ask(0)
    expect(index.searched).toEqual({ exact: 3, hnsw: 3 })
    expect(index.kind).toBe('hybrid')
    await index.close()
  })

  it('puts nothing into one that the other refuses, and finds what was put by either', async () => {
    const index = await open(makeVectors(500, WIDTH, 1), 1)
    const row = makeVectors(1, WIDTH, 77)
    expect(() => index.put(500, new Float32Array(WIDTH))).toThrow(expect.objectContaining({ code: 'validation_failed' }))
    expect(index.size).toBe(500)
    index.put(500, row)
    const request = { k: 1, excluded: new Set<number>() }
    const twice = Float32Array.from([...row, ...row])
    for (const [one] of [await index.search(row, [request]), await index.search(twice, [request, request])]) {
      expect(one![0]!.row).toBe(500)
    }
    expect(index.tail).toBe(1)
    index.remove(500)
    for (const [one] of [await index.search(row, [request]), await index.search(twice, [request, request])]) {
      expect(one![0]!.row).not.toBe(500)
    }
    await index.close()
  })
})

describe('the largest batch for a graph', () => {
  it('grows with the catalogue, from none to all', () => {
    for (const kind of ['float32', 'int8'] as const) {
      const batches = [0, 20_000, 50_000, 100_000, 1_000_000].map((rows) => graphUpTo(rows, 128, kind))
      expect(batches).toEqual([...batches].sort((a, b) => a - b))
      expect(batches.at(-1)).toBe(Infinity)
    }
    // As it was measured: in float32 between 2 and 4 of 50,000, and between 8 and 32 of 100,000; none in int8.
    expect(graphUpTo(50_000, 128, 'float32')).toBe(2)
    expect(graphUpTo(25_000, 256, 'float32')).toBe(2)
    expect(graphUpTo(100_000, 128, 'float32')).toBe(20)
    expect(graphUpTo(100_000, 128, 'int8')).toBe(0)
  })
})
