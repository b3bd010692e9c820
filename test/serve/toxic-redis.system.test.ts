import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { type FakeOpenai, fakeOpenai } from '../llm/fake-openai.ts'
import { figure } from '../support/figures.ts'
import { type RedisServers, startRedis } from '../support/redis.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { startToxiproxy, type ToxicProxy, type Toxiproxy, type Way } from '../support/toxiproxy.ts'
import { openLoop, quantile } from './models/open-loop.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const RATE = 50
const WIDTH = 384
const REDIS_TIMEOUT_MS = 100
/** Ways on which nothing comes in time, and ways on which all comes, if slowly. */
const LOST: readonly Way[] = ['down', 'hang', ['slow', 300], ['reset', 0], ['cut', 1], ['narrow', 0]]
const POOR: readonly Way[] = [['slice', 64], ['narrow', 1000]]

let redis: RedisServers
let endpoint: FakeOpenai
let toxiproxy: Toxiproxy
let tiny: TinyBundle
let root: string
beforeAll(async () => {
  redis = await startRedis()
  endpoint = await fakeOpenai(WIDTH)
  toxiproxy = await startToxiproxy()
  tiny = await writeTinyBundle({ embedder: { id: `openai/test/${WIDTH}`, width: WIDTH } })
  root = await mkdtemp(join(tmpdir(), 'isthmus-toxic-'))
})
afterAll(async () => {
  await toxiproxy.close()
  await endpoint.close()
  await redis.close()
  await tiny.close()
  await rm(root, { recursive: true, force: true })
})

const eventually = async (check: () => Promise<void>): Promise<void> => {
  await vi.waitFor(check, { timeout: 60_000, interval: 50 })
}
const start = async (
  name: string, way: ToxicProxy, env: Record<string, string> = {}
): Promise<ServiceProcess> => await startProcess({
  DATA_DIR: join(root, name),
  REDIS_URL: `redis://127.0.0.1:${way.port}`,
  REDIS_TIMEOUT_MS: String(REDIS_TIMEOUT_MS),
  LOG_LEVEL: 'warn',
  ...env,
}, ['--bundle', tiny.root])

describe('a service whose Redis and whose endpoint of embeddings are ill', () => {
  let ways: readonly ToxicProxy[]
  let service: ServiceProcess
  beforeAll(async () => {
    ways = [await toxiproxy.proxy(redis.nodes[0]!.port), await toxiproxy.proxy(Number(new URL(endpoint.baseUrl).port))]
    service = await start('ill', ways[0]!, {
      OPENAI_BASE_URL: `http://127.0.0.1:${ways[1]!.port}/v1`, OPENAI_API_KEY: 'none',
    })
    await service.post('/events', { userId: 'eve', itemId: 'sport-0001' })
  })
  afterAll(async () => { await service.stop('SIGKILL') })

  const ask = async (): Promise<readonly string[]> => {
    const { status, body } = await service.post('/recommend?domain=sport', { userId: 'eve', k: 5 })
    if (status !== 200 || body.basis !== 'history') throw new Error(`${status} ${body.basis}`)
    return (body as unknown as { degradedReasons: string[] }).degradedReasons
  }
  const probes = async (): Promise<void> => {
    for (const probe of ['live', 'ready']) expect((await service.get(`/health/${probe}`)).status).toBe(200)
  }
  const healed = async (): Promise<void> => {
    await eventually(async () => { expect(await ask()).toEqual([]) })
  }
  let items = 0
  const post = async (): Promise<string | undefined> => {
    const { status, body } = await service.post('/items', { itemId: `new-${items++}`, domain: 'sport', title: 'running ball' })
    expect(status).toBe(201)
    return body.state
  }

  it('P25, P27: answers every call, says what it lacks, lives, and finds back', async (test) => {
    await healed()
    const steady = await openLoop(RATE, ask, async () => { for (let i = 0; i < 25; i++) await probes() })
    expect(steady.failures).toEqual([])
    figure(test, `p99 ${quantile(steady.times, 0.99).toFixed(0)} ms at ${RATE} a second, with a Redis that is well`)
    for (const way of LOST) {
      for (const one of ways) await one.set(way)
      const { answers, times, failures } = await openLoop(RATE, ask, async () => {
        await eventually(async () => { expect(await ask()).toEqual(['shared_store_unavailable']) })
        for (let i = 0; i < 25; i++) await probes()
        // An endpoint that is slow alone answers in the time that a post waits.
        expect(await post()).toBe(way[0] === 'slow' ? 'ready' : 'pending')
      })
      expect([way, failures]).toEqual([way, []])
      const lacking = answers.filter((reasons) => reasons.length > 0).length
      for (const one of ways) await one.set('ok')
      const from = performance.now()
      await healed()
      figure(test, `${String(way)}: ${answers.length} answers, all 200, ${lacking} degraded, p99 ` +
        `${quantile(times, 0.99).toFixed(0)} ms, healed after ${(performance.now() - from).toFixed(0)} ms`)
    }
    expect(service.log()).not.toMatch(/"level":(50|60)/)
  }, 600_000)

  it('P25: answers every call over a poor way', async (test) => {
    for (const way of POOR) {
      for (const one of ways) await one.set(way)
      const { answers, failures } = await openLoop(RATE, ask, async () => {
        for (let i = 0; i < 25; i++) await probes()
      })
      expect([way, failures]).toEqual([way, []])
      const lacking = answers.filter((reasons) => reasons.length > 0).length
      figure(test, `${String(way)}: ${answers.length} answers, all 200, ${lacking} degraded`)
      for (const one of ways) await one.set('ok')
      await healed()
    }
    // The items that waited are embedded once the endpoint answers again.
    await eventually(async () => {
      expect(await (await service.get('/health')).json()).toMatchObject({ pendingItems: 0, status: 'ok' })
    })
  }, 600_000)

  it('P13: ends in order while an embedding is under way and Redis does not answer', async () => {
    for (const one of ways) await one.set('hang')
    const pending = post().catch(() => 'cut off')
    const [exit] = await Promise.all([service.stop(), pending])
    expect(exit).toBe(0)
    for (const one of ways) await one.set('ok')
  })
})

describe('three services over one Redis', () => {
  it('P32: agree on all that was acknowledged after kills, stops, partitions and a lost Redis', async (test) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6)
    console.log(`SEED=${seed}`)
    const random = createRandom(seed, 'nemesis')
    const embedding = Array.from({ length: WIDTH }, (_, i) => 1 + i % 7)
    const ways = await Promise.all([0, 1, 2].map(async () => await toxiproxy.proxy(redis.nodes[0]!.port)))
    const names = ['a', 'b', 'c']
    const env = { REDIS_NAMESPACE: `nemesis-${seed}` }
    const services = await Promise.all(names.map(async (name, i) => await start(name, ways[i]!, env)))
    const acknowledged = { events: new Set<string>(), items: new Set<string>() }
    const refused = new Set<string>()
    let next = 0
    const write = async (): Promise<void> => {
      const id = `n${next++}`
      const service = services[random.integer(services.length)]!
      const isItem = random.integer(4) === 0
      const body = isItem
        ? { itemId: id, domain: 'sport', title: `ball ${id}`, embedding, embeddingModel: `openai/test/${WIDTH}` }
        : { userId: `u${random.integer(4)}`, itemId: id, timestamp: Date.now() - random.integer(1000) }
      // A call without an answer promises nothing: what it wrote may be there, or not.
      const status = await service.post(isItem ? '/items' : '/events', body).then((answer) => answer.status, () => 0)
      if (status >= 200 && status < 300) acknowledged[isItem ? 'items' : 'events'].add(id)
      else if (status >= 400 && status < 500) refused.add(id)
    }
    const work = async (): Promise<void> => { await Promise.all(Array.from({ length: 40 }, write)) }
    const faults: ReadonlyArray<[name: string, strike: () => Promise<void>, heal: () => Promise<void>]> = [
      ['one is killed', async () => { await services[0]!.stop('SIGKILL') }, async () => {
        services[0] = await start('a', ways[0]!, env)
      }],
      ['one is stopped', async () => { services[1]!.child.kill('SIGSTOP') }, async () => { services[1]!.child.kill('SIGCONT') }],
      ['two are cut off', async () => { for (const i of [1, 2]) await ways[i]!.set('hang') }, async () => {
        for (const i of [1, 2]) await ways[i]!.set('ok')
      }],
      ['Redis is killed', async () => { await redis.nodes[0]!.kill() }, async () => { await redis.nodes[0]!.start() }],
      ['Redis is flushed', async () => { await redis.all('FLUSHALL') }, async () => {}],
    ]
    try {
      for (const [name, strike, heal] of faults) {
        await work()
        await strike()
        const during = work()
        // Calls of a stopped process end when it goes on.
        if (name !== 'one is stopped') await during
        await heal()
        await during
        const from = performance.now()
        await eventually(async () => {
          const views = await Promise.all(services.map(async (service) => await viewOf(service, next)))
          for (const view of views) expect(view).toEqual(views[0])
          const { histories, items } = views[0]!
          const events = histories.flat()
          expect(new Set(events).size).toBe(events.length)
          expect([...acknowledged.events].filter((id) => !events.includes(id))).toEqual([])
          expect([...acknowledged.items].filter((id) => !items.includes(id))).toEqual([])
          expect([...events, ...items].filter((id) => refused.has(id))).toEqual([])
        })
        figure(test, `${name}: agreed ${(performance.now() - from).toFixed(0)} ms after the heal`)
      }
      figure(test, `seed ${seed}: ${acknowledged.events.size} events and ${acknowledged.items.size} items acknowledged, none lost`)
      expect(Math.min(acknowledged.events.size, acknowledged.items.size)).toBeGreaterThan(20)
    } finally {
      for (const service of services) await service.stop('SIGKILL')
    }
  }, 600_000)
})

/** What an instance shows of all users and items, as far as Redis lets it say the same as the others. */
async function viewOf (service: ServiceProcess, items: number): Promise<{ histories: string[][], items: string[] }> {
  const histories = await Promise.all(Array.from({ length: 4 }, async (_, u) => {
    const response = await service.get(`/users/u${u}`)
    if (response.status === 404) return []
    const { history, degraded } = await response.json() as { history: Array<{ itemId: string }>, degraded: boolean }
    expect([response.status, degraded]).toEqual([200, false])
    return history.map(({ itemId }) => itemId)
  }))
  const found: string[] = []
  for (let i = 0; i < items; i++) {
    const { status } = await service.get(`/items/n${i}`)
    if (status === 200) found.push(`n${i}`)
    else expect(status).toBe(404)
  }
  return { histories, items: found }
}
