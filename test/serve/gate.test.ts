import { afterEach, describe, expect, it } from 'vitest'
import type { Engine, RecommendJob } from '../../src/recommend/engine.ts'
import { IsthmusError } from '../../src/errors.ts'
import { openService, type Service } from './service.ts'

const SPORT = '/recommend?domain=sport'

/** On a real socket: nothing else passes the door. */
describe('the door', () => {
  let service: Service
  let waited = 0
  let load = 0
  let waitMs = 0
  let turnMs = 0
  let jobs: RecommendJob[] = []
  let held: Promise<void> | undefined
  afterEach(async () => {
    await service.close()
    waited = load = waitMs = turnMs = 0
    jobs = []
    held = undefined
  })

  async function open (): Promise<string> {
    service = await openService({
      limits: { requestTimeoutMs: 250, maxLoopDelayMs: 100, maxInFlight: 2 },
      arrivals: { of: () => performance.now() - waited, accept: () => {}, load: () => load, turnMs: () => turnMs },
      wrapEngine: (engine): Engine => ({
        ...engine,
        async recommend (job) {
          jobs.push(job)
          await held
          if (waitMs > 0) throw new IsthmusError('overloaded', 'on purpose')
          return await engine.recommend(job)
        },
        status: () => ({ ...engine.status(), waitMs }),
      }),
    })
    jobs = []
    return await service.server.listen({ port: 0, host: '127.0.0.1' })
  }
  const post = async (address: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    await fetch(address + SPORT, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

  it('P28: turns away what waited too long before anything of it is read, with a time to wait', async () => {
    const address = await open()
    waited = 101
    const refused = await post(address, '{no JSON', { 'x-request-id': 'request-1' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(refused.headers.get('x-request-id')).toBe('request-1')
    expect(await refused.json()).toMatchObject({ code: 'overloaded', status: 503, instance: 'request-1' })
    // The connection goes on, and so does the service.
    waited = 99
    const read = await post(address, '{no JSON')
    expect([read.status, (await read.json() as { code: string }).code]).toEqual([400, 'malformed_json'])
    const metrics = await (await fetch(`${address}/metrics`)).text()
    expect(metrics).toContain('isthmus_shed_total{reason="waited"} 1')
    expect(metrics).toContain('http_requests_total{method="other",route="shed",status="503"} 1')
    expect(jobs).toEqual([])
  })

  it('P28: counts what a caller waited from its deadline, and lets nobody wait for more than half of it', async () => {
    const address = await open()
    waited = 60
    expect((await post(address, '{}', { 'x-request-timeout-ms': '110' })).status).toBe(503)
    const before = performance.now()
    expect((await post(address, '{}', { 'x-request-timeout-ms': '5000' })).status).toBe(200)
    const { deadline = 0 } = jobs[0]!
    expect(deadline - before).toBeGreaterThanOrEqual(5000 - 60)
    expect(deadline - performance.now()).toBeLessThan(5000 - 60)
  })

  it('P28: gives popular items where the engine is full, and turns away once there is no time for that', async () => {
    const address = await open()
    waitMs = 300
    load = 0.5
    const cheap = await post(address, '{}')
    expect([cheap.status, cheap.headers.get('x-degraded')]).toEqual([200, 'engine_overloaded'])
    load = 1
    expect((await post(address, '{}')).status).toBe(503)
    expect((await post(address, '{}', { 'x-request-timeout-ms': '1000' })).status).toBe(200)
    // What the engine's queue does not concern is answered.
    expect((await fetch(`${address}/items/sport-0001`)).status).toBe(200)
    expect(await (await fetch(`${address}/metrics`)).text()).toContain('isthmus_shed_total{reason="engine"} 1')
  })

  it('P28: counts the turns of a busy loop in what an answer takes', async () => {
    const address = await open()
    load = 1
    turnMs = 50
    expect((await post(address, '{}')).status).toBe(200)
    turnMs = 65
    expect((await post(address, '{}')).status).toBe(503)
  })

  it('P28: gives popular items where too many are in work, and turns away once there is no time for that', async () => {
    const address = await open()
    let letGo = (): void => {}
    held = new Promise((resolve) => { letGo = resolve })
    const patient = { 'x-request-timeout-ms': '5000' }
    const inWork = [post(address, '{}', patient), post(address, '{}', patient)]
    while (jobs.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const cheap = await post(address, '{}')
    expect([cheap.status, cheap.headers.get('x-degraded')]).toEqual([200, 'overloaded'])
    load = 1
    expect((await post(address, '{}')).status).toBe(503)
    const metrics = await (await fetch(`${address}/metrics`)).text()
    expect(metrics).toContain('isthmus_shed_total{reason="in_flight"} 1')
    letGo()
    expect((await Promise.all(inWork)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('P29: is open to probes and metrics, whatever the load', async () => {
    const address = await open()
    waited = 1e6
    load = 1
    waitMs = 1e6
    for (const path of ['/health', '/health/live', '/health/ready', '/health/live?x=1', '/metrics']) {
      expect([path, (await fetch(address + path)).status]).toEqual([path, 200])
    }
    for (const path of ['/healthy', '/items/health', '/docs']) {
      expect([path, (await fetch(address + path)).status]).toEqual([path, 503])
    }
  })
})
