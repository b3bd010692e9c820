import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findRedis8, type RedisServers, startCluster } from '../support/redis.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const redis8 = findRedis8()
if (redis8 === undefined && process.env.CI !== undefined) throw new Error('CI needs Redis 8: bash .ci/redis8')

interface Recommended {
  readonly degraded: boolean
  readonly degradedReasons: readonly string[]
  readonly items: ReadonlyArray<{ readonly itemId: string }>
}

// Without: apt-get install debootstrap, then bash .ci/redis8.
describe.skipIf(redis8 === undefined)('two services whose index is a Redis Cluster of three', () => {
  let redis: RedisServers
  let tiny: TinyBundle
  let root: string
  let services: ServiceProcess[]
  const start = async (name: string): Promise<ServiceProcess> => await startProcess({
    DATA_DIR: join(root, name), REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000', RETRIEVAL: 'cluster',
  }, ['--bundle', tiny.root])
  beforeAll(async () => {
    redis = await startCluster(redis8)
    tiny = await writeTinyBundle({ itemsPerDomain: 800 })
    root = await mkdtemp(join(tmpdir(), 'isthmus-cluster-'))
    services = [await start('a'), await start('b')]
  })
  afterAll(async () => {
    for (const service of services ?? []) await service.stop('SIGKILL')
    await redis.close()
    await tiny.close()
    await rm(root, { recursive: true, force: true })
  })
  const recommend = async (service: ServiceProcess, itemId: string): Promise<Recommended> =>
    (await service.post('/recommend?domain=sport', { history: [{ itemId }], k: 5 })).body as unknown as Recommended
  const eventually = async (check: () => Promise<void>): Promise<void> => {
    await vi.waitFor(check, { timeout: 60_000, interval: 100 })
  }

  it('say so, and find what either was given: an item that nobody has bought', async () => {
    const [a, b] = [services[0]!, services[1]!]
    const { domains } = await (await b.get('/health')).json() as { domains: Array<{ retrieval: string }> }
    expect(domains.map(({ retrieval }) => retrieval)).toEqual(['cluster', 'cluster'])
    const like = tiny.items[17]!
    const embedding = [...tiny.embed(like.title)]
    const fresh = { itemId: 'fresh', domain: 'sport', title: like.title }
    expect((await a.post('/items', { ...fresh, embedding, embeddingModel: 'hash/384' })).status).toBe(201)
    for (const service of [a, b]) {
      await eventually(async () => {
        const { items, degraded } = await recommend(service, like.itemId)
        expect([items.map(({ itemId }) => itemId).includes('fresh'), degraded]).toEqual([true, false])
      })
    }
  })

  it('answer from the shards that are left while a node is away, and in full when it is back', async () => {
    const [a] = [services[0]!]
    const before = await recommend(a, 'sport-0001')
    expect(before.degradedReasons).toEqual([])
    await redis.nodes[2]!.kill()
    await eventually(async () => {
      const { degradedReasons, items } = await recommend(a, 'sport-0001')
      expect([degradedReasons.includes('index_incomplete'), items.length]).toEqual([true, 5])
    })
    await redis.nodes[2]!.start()
    await eventually(async () => { expect((await recommend(a, 'sport-0001')).items).toEqual(before.items) })
    await eventually(async () => { expect((await recommend(a, 'sport-0001')).degradedReasons).toEqual([]) })
  })
})
