import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { newKey, parseKeys } from '../../../src/config/api-keys.ts'
import { IsthmusError } from '../../../src/errors.ts'
import type { Engine } from '../../../src/recommend/engine.ts'
import { NOW, openService, type Service } from '../service.ts'

const PROBES = ['/health/live', '/health/ready', '/health'] as const

/** RELIABILITY.md 5.4, by number; what is tested elsewhere, or left out, is in not-here.ts. */
describe('probes, asked badly (5.4)', () => {
  let service: Service
  let busyMs = 0
  let time = NOW
  let statusCalls = 0
  let draining = false
  const metricsKey = newKey('scraper', 'metrics')
  beforeAll(async () => {
    service = await openService({
      now: () => time,
      isDraining: () => draining,
      limits: { requestsPerMinute: 3, requestTimeoutMs: 5000 },
      wrapEngine: (engine): Engine => ({
        ...engine,
        status () {
          statusCalls++
          return { ...engine.status(), busyMs }
        },
      }),
    })
  })
  afterEach(() => {
    busyMs = 0
    time = NOW
    draining = false
  })
  afterAll(async () => { await service.close() })

  it.each(PROBES)('row 1: %s takes GET and HEAD alone, and says so', async (url) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'] as const) {
      const response = await service.inject({ method: method as 'POST', url })
      expect([method, response.statusCode, response.headers.allow]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  it.each(PROBES)('row 2: %s answers HEAD without a body', async (url) => {
    const response = await service.inject({ method: 'HEAD', url })
    expect([response.statusCode, response.body]).toEqual([200, ''])
  })

  it.each([
    ['row 3: a body', { payload: '{"a":', headers: { 'content-type': 'application/json' } }, ''],
    ['row 4: an unknown query', {}, '?verbose=1'],
    ['row 5: a query of 10 KB', {}, `?${'x'.repeat(10_000)}`],
    ['row 7: a wish for HTML', { headers: { accept: 'text/html' } }, ''],
    ['row 25: garbage as host', { headers: { host: '{x}:1;\u00e9' } }, ''],
  ])('%s changes nothing', async (_, request, query) => {
    for (const url of PROBES) {
      const response = await service.inject({ method: 'GET', url: url + query, ...request })
      expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
      expect(response.json().status).toBe('ok')
    }
  })

  it.each(['/health/', '/HEALTH', '/health%2flive', '/health/live/'])('row 6: %s is not there', async (url) => {
    expect((await service.get(url)).statusCode).toBe(404)
  })

  it('rows 8, 9 and 10: tells details to those who show a key, where there are keys', async () => {
    const { key, entry } = metricsKey
    const keyed = await openService({ keys: parseKeys(entry, 'API_KEYS') })
    try {
      for (const headers of [{}, { 'x-api-key': 'isk_wrong' }]) {
        for (const url of PROBES) {
          const response = await keyed.get(url, headers)
          expect([response.statusCode, Object.keys(response.json()).filter((name) => name !== 'uptimeSeconds')])
            .toEqual([200, ['status']])
        }
      }
      expect((await keyed.get('/health', { 'x-api-key': key })).json())
        .toMatchObject({ status: 'ok', model: { name: 'tiny' }, writes: 'ok', sharedStore: 'none' })
    } finally {
      await keyed.close()
    }
  })

  it('row 17: a full store is told of, and the service stays ready', async () => {
    service.store.failWith(new IsthmusError('store_full', 'broken on purpose'))
    expect((await service.post('/events', { userId: 'u', itemId: 'sport-0001' })).statusCode).toBe(503)
    expect((await service.get('/health')).json()).toMatchObject({ status: 'degraded', writes: 'failing' })
    expect((await service.get('/health/ready')).statusCode).toBe(200)
    service.store.failWith(undefined)
    expect((await service.post('/events', { userId: 'u', itemId: 'sport-0001' })).statusCode).toBe(202)
    expect((await service.get('/health')).json()).toMatchObject({ status: 'ok', writes: 'ok' })
  })

  it('row 19: an engine that is stuck for 5 s is not ready, for 30 s not alive', async () => {
    const found = []
    for (busyMs of [5000, 5001, 30_000, 30_001]) {
      found.push([(await service.get('/health/ready')).statusCode, (await service.get('/health/live')).statusCode])
    }
    expect(found).toEqual([[200, 200], [503, 200], [503, 200], [503, 503]])
    expect((await service.get('/health')).json().status).toBe('unavailable')
  })

  it('row 21: a service that ends is alive and not ready', async () => {
    draining = true
    expect((await service.get('/health/live')).statusCode).toBe(200)
    const ready = await service.get('/health/ready')
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'unavailable' }])
  })

  it('rows 22 and 24: a thousand probes are not limited, and ask nobody for anything but numbers at hand', async () => {
    service.store.failWith(new IsthmusError('store_unavailable', 'a probe wrote'))
    statusCalls = 0
    for (let i = 0; i < 500; i++) {
      expect((await service.get('/health/live')).statusCode).toBe(200)
      expect((await service.get('/health/ready')).statusCode).toBe(200)
    }
    expect(statusCalls).toBe(1000)
    service.store.failWith(undefined)
  })

  it('row 26: holds no address, path, key or user', async () => {
    for (const url of PROBES) {
      const { body } = await service.get(url)
      expect(body).not.toMatch(/\/|127\.0\.0\.1|localhost|isk_|user-/)
    }
  })

  it('row 27: a clock that goes back does not make its time up negative', async () => {
    time = NOW - 86_400_000
    expect((await service.get('/health')).json().uptimeSeconds).toBeGreaterThanOrEqual(0)
  })

  it('row 28: is kept by no cache', async () => {
    for (const url of PROBES) expect((await service.get(url)).headers['cache-control']).toBe('no-store')
  })
})
