import { describe, expect, it, vi } from 'vitest'
import type { CandidateIndex } from '../../src/retrieve/candidate-index.ts'
import { buildHnsw, buildHnswShards } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { openHnswIndex, type OpenHnswOptions } from '../../src/retrieve/hnsw.ts'
import { openHnswShards } from '../../src/retrieve/hnsw-shards.ts'
import { rowsOfShard, shardsFor } from '../../src/retrieve/shards.ts'
import { measureRecall } from '../../src/retrieve/recall.ts'
import { candidateIndexContract, makeVectors } from './candidate-index.contract.ts'

const driver = await findHnswDriver()

describe.skipIf(driver === undefined)('hnswlib-node (skipped where it is not installed)', () => {
  if (driver === undefined) return
  const width = 24
  const built = new Map<string, Promise<Buffer[]>>()
  /** Built once for one content: the contract opens the same rows again and again. */
  const build = async (base: Float32Array, of: number): Promise<Buffer[]> => {
    const key = `${of}:${base.length}:${base[0]}`
    const known = built.get(key) ?? Promise.all(Array.from({ length: of }, async (_, index) =>
      await buildHnsw(base, width, driver, undefined, { index, of })))
    built.set(key, known)
    return await known
  }
  // Copies: what is read goes to the thread.
  const later = (files: readonly Buffer[]): OpenHnswOptions['shards'] =>
    files.map((file) => async () => Buffer.from(file))
  const open = async (base: Float32Array, of: number, mergeFrom?: number): Promise<CandidateIndex> =>
    await openHnswIndex({
      shards: later(await build(base, of)),
      base,
      width,
      efSearch: 256,
      ...(mergeFrom === undefined ? {} : { mergeFrom }),
    })

  candidateIndexContract('the HNSW index', async (base) => await open(base, 1))
  candidateIndexContract('the HNSW index in two shards, that merges whatever is put', async (base) => await open(base, 2, 1))

  it('merges what was put into the graph, from where it is found as before; what was put again or removed is too', async () => {
    const base = makeVectors(3000, width, 1)
    const index = await open(base, 2, 50)
    const fresh = makeVectors(200, width, 2)
    const row = (i: number): Float32Array => fresh.subarray(i * width, (i + 1) * width)
    for (let i = 0; i < 200; i++) index.put(3000 + i, row(i))
    expect(index.tail).toBe(200)
    const best = async (query: Float32Array): Promise<unknown> =>
      (await index.search(query, [{ k: 1, excluded: new Set() }]))[0]![0]?.row
    index.put(3000, row(7).map((x) => -x))
    index.remove(3001)
    // While it merges, and after it has: fewer than a merge waits for are left.
    for (const until of [200, 49]) {
      await vi.waitFor(() => { expect(index.tail).toBeLessThanOrEqual(until) }, { timeout: 20_000 })
      for (let i = 2; i < 200; i += 13) expect(await best(row(i))).toBe(3000 + i)
      expect(await best(row(7).map((x) => -x))).toBe(3000)
      expect(await best(row(1))).not.toBe(3001)
    }
    await index.close()
  })

  it('answers a search while rows are being put, without waiting for all of them', async () => {
    const base = makeVectors(2000, width, 1)
    const graph = await openHnswShards({ shards: later(await build(base, 1)), rows: 2000, width, efSearch: 50 })
    const rows = Array.from({ length: 3000 }, (_, i) => 2000 + i)
    const order: string[] = []
    const adding = graph.add(rows, makeVectors(3000, width, 3)).then(() => order.push('added'))
    const { rows: found, complete } = await graph.near(base.subarray(0, width), [5])
    order.push('found')
    await adding
    expect([found[0]!.length, complete, order]).toEqual([5, true, ['found', 'added']])
    const all = await graph.near(base.subarray(0, width), [10_000])
    expect(all.rows[0]).toHaveLength(5000)
    await graph.close()
  })

  it('builds its shards in threads as it does in one, and finds with them what the whole finds', async () => {
    const base = makeVectors(500, width, 4)
    const parts = await buildHnswShards(base, width, 3)
    expect(parts).toEqual(await build(base, 3))
    const queries = makeVectors(40, width, 5)
    const recallOf = async (shards: readonly Buffer[], vectors: Float32Array): Promise<number> =>
      (await measureRecall({ shards, vectors, width, queries, driver, efs: [200] }))[0]!.recall
    expect(await recallOf(parts, base)).toBeGreaterThan(0.99)
    // The rows 0, 3, 6... as if they were the first ones: a third of them is.
    const held = rowsOfShard(500, { index: 0, of: 3 })
    expect(await recallOf([parts[0]!], base.subarray(0, held * width))).toBeLessThan(0.9)
  })

  it('refuses a file of other vectors, before the library sees it', async () => {
    const base = makeVectors(50, 24, 1)
    const [bytes] = await build(base, 1)
    const open = async (changed: Buffer, vectors: Float32Array, width: number): Promise<unknown> =>
      await openHnswIndex({ shards: later([changed]), base: vectors, width, efSearch: 100 })
    const refused = { code: 'artefact_invalid' }
    await expect(open(bytes!, makeVectors(50, 12, 1), 12)).rejects.toMatchObject(refused)
    await expect(open(bytes!, makeVectors(49, 24, 1), 24)).rejects.toMatchObject(refused)
    await expect(open(bytes!.subarray(0, 40), base, 24)).rejects.toMatchObject(refused)
    await expect(open(Buffer.alloc(0), base, 24)).rejects.toMatchObject(refused)
    const [even, odd] = await build(base, 2)
    const swapped = openHnswIndex({ shards: later([odd!, even!]), base: base.subarray(0, 49 * 24), width, efSearch: 9 })
    await expect(swapped).rejects.toMatchObject(refused)
  })
})

describe('shards', () => {
  it('share the rows, none twice', () => {
    for (const rows of [0, 1, 2, 7, 9]) {
      const each = [0, 1, 2].map((index) => rowsOfShard(rows, { index, of: 3 }))
      expect(each.reduce((a, b) => a + b)).toBe(rows)
      expect(each[0]! - each[2]!).toBeLessThanOrEqual(1)
    }
  })

  it('are as many as keep each file well below what can be read', () => {
    expect([0, 20_000, 500_000, 1_000_000].map((rows) => shardsFor(rows, 256))).toEqual([1, 1, 1, 2])
    expect(shardsFor(1_000_000, 2048)).toBe(13)
  })
})

it('is installed wherever the main tests run', () => {
  if (process.env.CI !== undefined && process.env.ISTHMUS_WITHOUT_OPTIONAL === undefined) expect(driver).toBeDefined()
})
