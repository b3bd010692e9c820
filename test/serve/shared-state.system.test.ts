import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LOCAL_EMBEDDER_ID } from '../../src/encode/local-embedder.ts'
import { compiled } from '../../src/paths.ts'
import { openStore } from '../../src/state/embedded/open-store.ts'
import { type RedisServers, startRedis } from '../support/redis.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const SECRET = 'hush-hush'

describe('two services that share a Redis', () => {
  let redis: RedisServers
  let tiny: TinyBundle
  let root: string
  let services: ServiceProcess[]
  const start = async (name: string): Promise<ServiceProcess> => await startProcess({
    DATA_DIR: join(root, name), REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000',
  }, ['--bundle', tiny.root])
  beforeAll(async () => {
    redis = await startRedis([`requirepass ${SECRET}`], SECRET)
    tiny = await writeTinyBundle({ embedder: { id: LOCAL_EMBEDDER_ID, width: 384 } })
    root = await mkdtemp(join(tmpdir(), 'isthmus-shared-'))
    services = [await start('a'), await start('b')]
  })
  afterAll(async () => {
    for (const service of services) await service.stop('SIGKILL')
    await redis.close()
    await tiny.close()
    await rm(root, { recursive: true, force: true })
  })
  const eventually = async (check: () => Promise<void>): Promise<void> => {
    await vi.waitFor(check, { timeout: 60_000, interval: 50 })
  }
  const json = async (service: ServiceProcess, path: string): Promise<Record<string, unknown>> =>
    await (await service.get(path)).json() as Record<string, unknown>

  it('answer by what the other was told: events, items, deletions, erasures', async () => {
    const [a, b] = [services[0]!, services[1]!]
    await a.post('/events', { userId: 'eve', itemId: 'sport-0001' })
    await eventually(async () => {
      expect(await json(b, '/users/eve')).toMatchObject({ history: [{ itemId: 'sport-0001' }], degraded: false })
    })
    expect((await b.post('/recommend?domain=sport', { userId: 'eve' })).body).toMatchObject({ basis: 'history', degraded: false })
    await a.post('/items', { itemId: 'fresh', domain: 'sport', title: 'a new running ball' })
    await eventually(async () => { expect((await b.get('/items/fresh/similar?domain=sport&k=3')).status).toBe(200) })
    await fetch(`${b.address}/items/fresh`, { method: 'DELETE' })
    await eventually(async () => { expect((await a.get('/items/fresh/similar?domain=sport&k=3')).status).toBe(404) })
    await fetch(`${b.address}/users/eve`, { method: 'DELETE' })
    await eventually(async () => { expect((await a.get('/users/eve')).status).toBe(404) })
  })

  it('P25, P27: answer while Redis is away, say so, and live; a metric and /health tell of it', async () => {
    const [a, b] = [services[0]!, services[1]!]
    await a.post('/events', { userId: 'adam', itemId: 'sport-0002' })
    await eventually(async () => { expect((await b.get('/users/adam')).status).toBe(200) })
    expect(await (await a.get('/metrics')).text()).toMatch(/^isthmus_redis_up 1$/m)
    await redis.nodes[0]!.kill()
    await eventually(async () => {
      expect((await a.post('/recommend?domain=sport', { userId: 'adam' })).body).toMatchObject({
        basis: 'history', degraded: true, degradedReasons: ['shared_store_unavailable'],
      })
      expect(await json(a, '/health')).toMatchObject({ status: 'degraded', sharedStore: 'down' })
    })
    expect((await a.post('/events', { userId: 'adam', itemId: 'sport-0003' })).status).toBe(202)
    expect((await b.get('/users/adam')).status).toBe(503)
    for (const probe of ['live', 'ready']) expect((await a.get(`/health/${probe}`)).status).toBe(200)
    expect(await (await a.get('/metrics')).text()).toMatch(/^isthmus_redis_up 0$/m)
    await redis.nodes[0]!.start()
    await eventually(async () => {
      const { history } = await json(b, '/users/adam')
      expect(history).toMatchObject([{ itemId: 'sport-0002' }, { itemId: 'sport-0003' }])
    })
    await eventually(async () => { expect(await json(a, '/health')).toMatchObject({ sharedStore: 'up' }) })
  })

  it('P36: write no password of Redis into a log', async () => {
    for (const { log, printed } of services) expect(log() + printed).not.toContain(SECRET)
  })

  it('know of a domain that one of them opened, and again after a restart', async () => {
    const zero = await writeTinyBundle({
      embedder: { id: LOCAL_EMBEDDER_ID, width: 384 }, name: 'zero', withLocal: false, system: 'llm-recg',
    })
    const open = async (name: string): Promise<ServiceProcess> => await startProcess({
      DATA_DIR: join(root, name), REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000',
    }, ['--bundle', zero.root, '--open-domains'])
    const ask = async (service: ServiceProcess) =>
      await service.post('/recommend?domain=toys', { history: [{ itemId: 'sport-0000' }] })
    const [c, d] = [await open('c'), await open('d')]
    expect((await c.post('/items', { itemId: 't1', domain: 'toys', title: 'a running doll' })).status).toBe(201)
    await eventually(async () => { expect((await ask(d)).body).toMatchObject({ items: [{ itemId: 't1' }] }) })
    expect(await json(d, '/health')).toMatchObject({ newDomains: 'on', domains: [{}, {}, { domain: 'toys', opened: true }] })
    await d.stop('SIGKILL')
    const again = await open('d')
    expect((await ask(again)).body).toMatchObject({ basis: 'history', items: [{ itemId: 't1' }] })
    for (const service of [c, again]) await service.stop('SIGKILL')
    await zero.close()
  })

  it('can be copied from Redis to a folder', async () => {
    await services[0]!.post('/events', { userId: 'cain', itemId: 'sport-0004' })
    await eventually(async () => { expect((await services[1]!.get('/users/cain')).status).toBe(200) })
    const health = await json(services[0]!, '/health') as { model: { name: string } }
    const to = join(root, 'copy')
    const child = spawn(process.execPath, [
      fileURLToPath(compiled('scripts/state.ts')), 'copy', '--from', redis.url, '--to', to, '--namespace', health.model.name,
    ], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [code] = await once(child, 'exit') as [number]
    expect(code).toBe(0)
    const store = await openStore(to)
    expect((await store.history('cain', 10)).entries).toMatchObject([{ itemId: 'sport-0004' }])
    expect([store.isErased('eve'), store.getItem('fresh')]).toEqual([true, undefined])
    await store.close()
  })
})
