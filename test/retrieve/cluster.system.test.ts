import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CandidateIndex, Hit } from '../../src/retrieve/candidate-index.ts'
import { openClusterIndex, type OpenClusterOptions } from '../../src/retrieve/cluster.ts'
import { byScore, dot } from '../../src/retrieve/vector-table.ts'
import { findRedis8, type RedisServers, startCluster, startRedis } from '../support/redis.ts'
import { candidateIndexContract, makeVectors } from './candidate-index.contract.ts'

const WIDTH = 24
const redis8 = findRedis8()
if (redis8 === undefined && process.env.CI !== undefined) throw new Error('CI needs Redis 8: bash .ci/redis8')

const base = makeVectors(1200, WIDTH, 1)
const vectorOf = (row: number): Float32Array => base.subarray(row * WIDTH, (row + 1) * WIDTH)
const nameOf = (row: number): string => `item-${row}`

// Without: apt-get install debootstrap, then bash .ci/redis8.
describe.skipIf(redis8 === undefined)('an index in three nodes of Redis 8', () => {
  let servers: RedisServers
  beforeAll(async () => { servers = await startCluster(redis8) })
  afterAll(async () => { await servers.close() })

  const open = async (more: Partial<OpenClusterOptions> = {}): Promise<CandidateIndex> => await openClusterIndex({
    address: servers.address,
    namespace: 'shop',
    set: randomUUID(),
    base,
    width: WIDTH,
    efSearch: 300,
    // Patient: what is tested is what an answer holds, on a machine that may be busy.
    timeoutMs: 5000,
    checkMs: 200,
    nameOf,
    rowOf: (name) => Number(name.slice('item-'.length)),
    log: () => {},
    ...more,
  })

  candidateIndexContract('the cluster index', async (vectors) => await open({ base: vectors }))
  candidateIndexContract('the cluster index, merged late', async (vectors) =>
    await open({ base: vectors, mergeFrom: 1_000_000 }))

  const ask = async (
    index: CandidateIndex, query: Float32Array, k = 5
  ): Promise<{ hits: Hit[], complete: boolean }> => {
    let complete = true
    const [hits] = await index.search(query, [{ k, excluded: new Set() }], () => { complete = false })
    return { hits: hits!, complete }
  }
  const rowsLike = async (index: CandidateIndex, query: Float32Array): Promise<Set<number>> =>
    new Set((await ask(index, query, 10)).hits.map(({ row }) => row))
  const scan = (query: Float32Array, rows: Iterable<number>, k = 5): Hit[] =>
    Array.from(rows, (row) => ({ row, score: dot(query, vectorOf(row)) })).sort(byScore).slice(0, k)
  const all = [...Array(1200).keys()]
  const queries = [3, 4, 5, 6].map((seed) => makeVectors(1, WIDTH, seed))
  /** Keys of a set on each of the nodes. */
  const setsOn = async (set: string): Promise<string[][]> =>
    await servers.all('KEYS', `*:${set}:vectors`) as string[][]
  const putSoFar = async (): Promise<string[]> => (await servers.all('INFO', 'commandstats')).map((text) =>
    /cmdstat_vadd:calls=(\d+)/.exec(String(text))?.[1] ?? '0')

  it('lies on every node, two shards each, and is filled by one instance alone', async () => {
    const set = randomUUID()
    const indexes = await Promise.all([open({ set }), open({ set })])
    expect((await setsOn(set)).map((keys) => keys.length)).toEqual([2, 2, 2])
    const sizes = await Promise.all(servers.nodes.map(async ({ client }, n) =>
      await Promise.all((await setsOn(set))[n]!.map(async (key) => Number(await client.call('vcard', key))))))
    expect(sizes.flat().reduce((a, b) => a + b)).toBe(1200)
    for (const index of indexes) {
      for (const query of queries) expect(await ask(index, query)).toEqual({ hits: scan(query, all), complete: true })
    }
    // A second look adds nothing: each vector was put once.
    const before = await putSoFar()
    const third = await open({ set })
    expect(await putSoFar()).toEqual(before)
    for (const index of [...indexes, third]) await index.close()
  })

  it('holds what an instance puts, for every instance that knows the name', async () => {
    const set = randomUUID()
    const a = await open({ set })
    const b = await open({ set, rowOf: (name) => name === 'item-5000' ? 7 : undefined })
    const vector = makeVectors(1, WIDTH, 99)
    a.put(5000, vector)
    await vi.waitFor(async () => {
      // b numbers the item otherwise, and finds nothing but what it has a name for: it all came from Redis.
      const { hits } = await ask(b, vector, 1)
      expect(hits.map(({ row }) => row)).toEqual([7])
    }, { timeout: 20_000 })
    await a.close()
    await b.close()
  })

  it('answers from the other shards while a node is away, says so, and is whole when it is back, even empty', async () => {
    const set = randomUUID()
    const said: string[] = []
    const index = await open({ set, timeoutMs: 1000, log: (message) => said.push(message) })
    const [, gone] = await setsOn(set)
    const node = servers.nodes[1]!
    const held = new Set<string>()
    for (const key of gone!) {
      for (const row of all) {
        if (await node.client.call('vgetattr', key, nameOf(row)) !== null) held.add(nameOf(row))
      }
    }
    expect(held.size).toBeGreaterThan(200)
    await node.kill()
    const left = all.filter((row) => !held.has(nameOf(row)))
    for (const query of queries) expect(await ask(index, query)).toEqual({ hits: scan(query, left), complete: false })
    expect(said.filter((line) => line.includes('is missing'))).toHaveLength(2)
    // Found meanwhile by the scan of what Redis does not have yet.
    const vector = queries[0]!.map((x) => -x)
    const put = Array.from({ length: 10 }, (_, i) => 6000 + i)
    for (const row of put) index.put(row, vector)
    expect(await rowsLike(index, vector)).toEqual(new Set(put))
    await node.start()
    await vi.waitFor(async () => {
      for (const query of queries) expect(await ask(index, query)).toEqual({ hits: scan(query, all), complete: true })
      expect(index.tail).toBe(0)
    }, { timeout: 60_000, interval: 200 })
    expect(await rowsLike(index, vector)).toEqual(new Set(put))
    await index.close()
  })

  it('fails where no shard answers, so that the answer is one of popular items', async () => {
    const index = await open({ timeoutMs: 500 })
    for (const node of servers.nodes) await node.kill()
    await expect(ask(index, queries[0]!)).rejects.toMatchObject({ code: 'engine_unavailable' })
    for (const node of servers.nodes) await node.start()
    await vi.waitFor(async () => {
      expect(await ask(index, queries[0]!)).toEqual({ hits: scan(queries[0]!, all), complete: true })
    }, { timeout: 60_000, interval: 200 })
    await index.close()
  })

  it('refuses vectors that are not of length 1', async () => {
    await expect(open({ base: base.map((x) => 2 * x) })).rejects.toMatchObject({ code: 'index_driver_unavailable' })
  })
})

it('refuses servers without vector sets', async () => {
  const servers = await startRedis()
  const version = String(await servers.nodes[0]!.client.info('server'))
  const opening = openClusterIndex({
    address: servers.address,
    namespace: 'shop',
    set: 's',
    base,
    width: WIDTH,
    efSearch: 100,
    timeoutMs: 5000,
    nameOf,
    rowOf: () => undefined,
    log: () => {},
  })
  if (/redis_version:[67]\./.test(version)) {
    await expect(opening).rejects.toMatchObject({ code: 'index_driver_unavailable' })
  } else await (await opening).close()
  await servers.close()
})
