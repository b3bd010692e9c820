import { afterEach, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import type { CandidateIndex, Hit, SearchRequest } from '../../src/retrieve/candidate-index.ts'

/** Opens an index over [rows, width]. */
export type OpenIndex = (base: Float32Array, width: number) => Promise<CandidateIndex>

const WIDTH = 24

/** Unit rows in loose clusters, with numbers of few bits, so that sums are exact in any order and ties are ties. */
export function makeVectors (rows: number, width: number, seed: number): Float32Array {
  const random = createRandom(seed, 'vectors')
  const centres = Array.from({ length: 20 }, () => Array.from({ length: width }, () => random.normal()))
  const all = new Float32Array(rows * width)
  for (let r = 0; r < rows; r++) {
    const centre = centres[random.integer(centres.length)]!
    const row = centre.map((value) => value + 0.5 * random.normal())
    const length = Math.hypot(...row)
    for (let i = 0; i < width; i++) all[r * width + i] = Math.round(row[i]! / length * 256) / 256
  }
  return all
}

/** The oracle: every live row scored and sorted. `table` holds the vectors that a row has now. */
function scan (table: ReadonlyMap<number, Float32Array>, query: Float32Array, request: SearchRequest): Hit[] {
  const hits: Hit[] = []
  for (const [row, vector] of table) {
    if (request.excluded.has(row) || (request.allowed !== undefined && request.allowed[row] !== 1)) continue
    hits.push({ row, score: Math.fround(vector.reduce((sum, value, i) => sum + value * query[i]!, 0)) })
  }
  return hits.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, request.k)
}

/** What every CandidateIndex must do; `open` may be approximate, but not on these sizes. */
export function candidateIndexContract (name: string, open: OpenIndex): void {
  describe(name, () => {
    let index: CandidateIndex | undefined
    afterEach(async () => {
      await index?.close()
      index = undefined
    })

    async function fixture (rows: number): Promise<{
      index: CandidateIndex,
      table: Map<number, Float32Array>,
      query: (seed: number) => Float32Array
      check: (query: Float32Array, request: SearchRequest) => Promise<void>
    }> {
      const base = makeVectors(rows, WIDTH, 1)
      const opened = await open(base, WIDTH)
      index = opened
      const table = new Map(Array.from({ length: rows }, (_, r) => [r, base.subarray(r * WIDTH, (r + 1) * WIDTH)]))
      return {
        index: opened,
        table,
        query: (seed) => makeVectors(1, WIDTH, seed),
        async check (query, request) {
          expect(await opened.search(query, [request])).toEqual([scan(table, query, request)])
        },
      }
    }
    const none: ReadonlySet<number> = new Set<number>()

    it('finds what a scan finds', async () => {
      const { index, query, check } = await fixture(3000)
      expect(index.size).toBe(3000)
      for (let seed = 100; seed < 120; seed++) await check(query(seed), { k: 10, excluded: none })
    })

    it('answers a batch as it answers one by one', async () => {
      const { index, query } = await fixture(3000)
      const queries = [3, 4, 5].map(query)
      const requests = [{ k: 5, excluded: none }, { k: 1, excluded: new Set([7]) }, { k: 20, excluded: none }]
      const joined = Float32Array.from(queries.flatMap((one) => [...one]))
      const single = []
      for (const [i, one] of queries.entries()) single.push(...await index.search(one, [requests[i]!]))
      expect(await index.search(joined, requests)).toEqual(single)
      expect(await index.search(new Float32Array(0), [])).toEqual([])
    })

    it('never finds an excluded row, however many of the best are excluded', async () => {
      const { index, query, check } = await fixture(3000)
      const asked = query(8)
      const [best] = await index.search(asked, [{ k: 300, excluded: none }])
      const excluded = new Set(best!.map(({ row }) => row))
      await check(asked, { k: 10, excluded })
      await check(asked, { k: 10, excluded: new Set([...excluded, 999_999]) })
    })

    it('fills k under a filter that keeps few rows, none, or all', async () => {
      const { query, check } = await fixture(3000)
      for (const keep of [0, 1, 5, 40, 700, 3000]) {
        const allowed = new Uint8Array(3000)
        for (let i = 0; i < keep; i++) allowed[(i * 7919) % 3000] = 1
        await check(query(9), { k: 10, excluded: new Set([0]), allowed })
      }
    })

    it('returns all there is when k is larger', async () => {
      const { query, check } = await fixture(30)
      await check(query(10), { k: 100, excluded: new Set([3]) })
    })

    it('puts equal scores in the order of their rows, across the cut and after a replacement', async () => {
      const { index, table, query, check } = await fixture(3000)
      const asked = query(11)
      const [[best]] = await index.search(asked, [{ k: 1, excluded: none }]) as [[Hit]]
      const vector = table.get(best.row)!.slice()
      for (const row of [2999, 17, 3000, 400, 5, 2500]) {
        index.put(row, vector)
        table.set(row, vector)
      }
      for (const k of [1, 2, 3, 4, 5, 6, 7, 8]) await check(asked, { k, excluded: none })
    })

    it('finds a row that was put, at once', async () => {
      const { index, table, query, check } = await fixture(3000)
      for (let row = 3000; row < 3100; row++) {
        const vector = makeVectors(1, WIDTH, row)
        index.put(row, vector)
        table.set(row, vector)
      }
      expect(index.size).toBe(3100)
      await check(makeVectors(1, WIDTH, 3099), { k: 10, excluded: none })
      await check(query(12), { k: 10, excluded: none })
      await check(query(12), { k: 10, excluded: none, allowed: new Uint8Array(3100).fill(1, 3000) })
    })

    it('forgets the vector that was replaced', async () => {
      const { index, table, check } = await fixture(3000)
      const old = table.get(42)!.slice()
      const fresh = old.map((value) => -value)
      index.put(42, fresh)
      table.set(42, fresh)
      expect(index.size).toBe(3000)
      await check(old, { k: 10, excluded: none })
      await check(fresh, { k: 10, excluded: none })
    })

    it('hides a row that was removed until it is put again', async () => {
      const { index, table, check } = await fixture(3000)
      const vector = table.get(42)!.slice()
      index.remove(42)
      index.remove(42)
      index.remove(123_456)
      table.delete(42)
      expect(index.size).toBe(2999)
      await check(vector, { k: 10, excluded: none })
      index.put(42, vector)
      table.set(42, vector)
      expect(index.size).toBe(3000)
      await check(vector, { k: 10, excluded: none })
    })

    it('works on an empty domain, before and after its first row', async () => {
      const { index, table, query, check } = await fixture(0)
      await check(query(13), { k: 10, excluded: none })
      index.put(0, query(14))
      table.set(0, query(14))
      await check(query(13), { k: 10, excluded: none })
    })

    it('keeps what it was given, not the array it was given in', async () => {
      const { index, table, check } = await fixture(3000)
      const given = makeVectors(1, WIDTH, 15)
      table.set(3000, given.slice())
      index.put(3000, given)
      given.fill(1)
      await check(table.get(3000)!, { k: 3, excluded: none })
    })

    it.each([
      ['a number that is not one', 1, new Float32Array(WIDTH).fill(Number.NaN)],
      ['an infinite number', 1, new Float32Array(WIDTH).fill(Infinity)],
      ['no length', 1, new Float32Array(WIDTH)],
      ['another width', 1, new Float32Array(WIDTH + 1).fill(0.1)],
      ['a negative row', -1, new Float32Array(WIDTH).fill(0.1)],
      ['half a row', 1.5, new Float32Array(WIDTH).fill(0.1)],
      ['a row past 32 bits', 2 ** 40, new Float32Array(WIDTH).fill(0.1)],
    ])('refuses to put %s', async (_, row, vector) => {
      const { index, query, check } = await fixture(50)
      expect(() => index.put(row, vector)).toThrow(expect.objectContaining({ code: 'validation_failed' }))
      await check(query(16), { k: 50, excluded: none })
    })
  })
}
