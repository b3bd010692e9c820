import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import type { Engine } from '../../src/recommend/engine.ts'
import { NOW, openService, type Service } from './service.ts'

const DAY = 86_400_000

describe('POST /recommend', () => {
  let service: Service
  beforeAll(async () => {
    service = await openService()
    await service.store.seed('bundle', (async function * () {
      yield { userId: 'u1', events: [{ itemId: 'sport-0001', timestamp: NOW - DAY }, { itemId: 'cloth-0013', timestamp: NOW }] }
    })())
  })
  afterAll(async () => { await service.close() })

  const ask = async (body: unknown, query = '?domain=sport') => {
    const response = await service.post(`/recommend${query}`, body)
    return { status: response.statusCode, body: response.json() }
  }
  const ids = ({ body }: { body: { items: Array<{ itemId: string }> } }) => body.items.map(({ itemId }) => itemId)

  it('answers a known user from the stored history', async () => {
    const answer = await ask({ userId: 'u1' })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      domain: 'sport',
      basis: 'history',
      degraded: false,
      degradedReasons: [],
      historyUsed: 2,
      historyUnknown: 0,
      model: { name: 'tiny' },
    })
    const session = await ask({ history: [{ itemId: 'sport-0001' }, { itemId: 'cloth-0013' }] })
    expect(ids(answer)).toEqual(ids(session))
    expect(ids(answer)).toHaveLength(10)
    expect(ids(answer)).not.toContain('sport-0001')
  })

  it('answers a session on top of what is stored', async () => {
    const answer = await ask({ userId: 'u1', history: [{ itemId: 'sport-0005' }, { itemId: 'gone' }] })
    expect(answer.body).toMatchObject({ basis: 'history', historyUsed: 3, historyUnknown: 1 })
    expect(ids(answer)).not.toContain('sport-0005')
  })

  it('answers nobody with what is popular', async () => {
    const answer = await ask({})
    expect(answer.body).toMatchObject({ basis: 'popular', degraded: false, historyUsed: 0 })
    expect(ids(answer).slice(0, 2)).toEqual(['sport-0000', 'sport-0001'])
  })

  it('answers a text where no history is known, and only there', async () => {
    const answer = await ask({ profileText: 'climbing rope', history: [{ itemId: 'gone' }] })
    expect(answer.body).toMatchObject({ basis: 'text', historyUnknown: 1 })
    expect((await ask({ profileText: 'climbing rope', userId: 'u1' })).body).toMatchObject({ basis: 'history' })
  })

  it('keeps to the filter, the exclusions and k', async () => {
    const answer = await ask({
      userId: 'u1', k: 100, exclude: ['sport-0007'], filter: { categories: ['climbing'], priceMax: 30 },
    })
    const byId = new Map(service.tiny.items.map((item) => [item.itemId, item]))
    expect(ids(answer).length).toBeGreaterThan(1)
    expect(ids(answer)).not.toContain('sport-0007')
    for (const id of ids(answer)) {
      expect(byId.get(id)?.categories).toContain('climbing')
      expect(byId.get(id)?.price).toBeLessThanOrEqual(30)
    }
  })

  it('explains when asked to: what a score is made of, and what in the history is most like the item', async () => {
    const { items, explanation } = (await ask({ userId: 'u1', k: 2, explain: true })).body
    expect(explanation).toEqual({ threads: ['global', 'local'], leftOut: 2 })
    for (const { near, score, parts, weighed, domains } of items) {
      expect(parts.global + parts.local).toBeCloseTo(score, 5)
      expect(weighed.map(({ itemId }: { itemId: string }) => itemId).sort()).toEqual(['cloth-0013', 'sport-0001'])
      expect(domains.map(({ domain }: { domain: string }) => domain)).toEqual(['cloth', 'sport'])
      expect(near.map(({ itemId }: { itemId: string }) => itemId).sort()).toEqual(['cloth-0013', 'sport-0001'])
      expect(near[0]).toEqual({
        itemId: expect.any(String),
        domain: expect.any(String),
        similarity: expect.any(Number),
        title: expect.any(String),
      })
      expect(near[0].similarity).toBeGreaterThanOrEqual(near[1].similarity)
    }
    expect((await ask({ userId: 'u1', k: 1 })).body.items[0]).not.toHaveProperty('near')
  })

  it('shows what was seen when asked to', async () => {
    const answer = await ask({ userId: 'u1', k: 100, excludeSeen: false })
    expect(ids(answer)).toContain('sport-0001')
    expect(answer.body.items).toHaveLength(60)
  })

  it('names its request, and is not cached', async () => {
    const response = await service.post('/recommend?domain=sport', {}, { 'x-request-id': 'request-0001' })
    expect(response.headers).toMatchObject({ 'x-request-id': 'request-0001', 'cache-control': 'no-store' })
    expect(response.json().requestId).toBe('request-0001')
    const other = await service.post('/recommend?domain=sport', {}, { 'x-request-id': 'a b' })
    expect(other.json().requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('answers many in one call, in the order asked', async () => {
    const response = await service.post('/recommend/batch', {
      requests: [{ domain: 'sport', userId: 'u1' }, { domain: 'cloth', k: 3 }, { domain: 'sport' }],
    })
    expect(response.statusCode).toBe(200)
    const { results } = response.json()
    expect(results.map(({ domain, basis, items }: { domain: string, basis: string, items: unknown[] }) =>
      [domain, basis, items.length])).toEqual([['sport', 'history', 10], ['cloth', 'popular', 3], ['sport', 'popular', 10]])
    expect(results[0].items).toEqual((await ask({ userId: 'u1' })).body.items)
  })

  it.each([
    ['no requests', { requests: [] }, 'validation_failed', '/requests'],
    ['257 requests', { requests: Array(257).fill({ domain: 'sport' }) }, 'validation_failed', '/requests'],
    ['one without a domain', { requests: [{ domain: 'sport' }, {}] }, 'validation_failed', '/requests/1/domain'],
    ['one of an unknown domain', { requests: [{ domain: 'sport' }, { domain: 'x' }] }, 'unknown_domain', '/requests/1/domain'],
  ])('refuses a batch with %s', async (_, body, code, pointer) => {
    const response = await service.post('/recommend/batch', body)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ code, errors: [{ pointer }] })
  })
})

describe('POST /recommend when the engine fails', () => {
  it.each(['overloaded', 'deadline_exceeded', 'engine_unavailable', 'engine_bad_output'] as const)(
    'answers with what is popular, and says so (%s)', async (code) => {
      let broken = false
      const service = await openService({
        wrapEngine: (engine): Engine => ({
          ...engine,
          async recommend (job) {
            if (broken) throw new IsthmusError(code, 'broken on purpose')
            return await engine.recommend(job)
          },
        }),
      })
      try {
        broken = true
        const response = await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0000' }], k: 2 })
        expect(response.statusCode).toBe(200)
        expect(response.json()).toMatchObject({
          basis: 'popular', degraded: true, items: [{ itemId: 'sport-0001' }, { itemId: 'sport-0002' }],
        })
        expect(response.json().degradedReasons).toHaveLength(1)
        const metrics = await service.get('/metrics')
        expect(metrics.body).toContain(`isthmus_degraded_total{reason="${response.json().degradedReasons[0]}"} 1`)
      } finally {
        await service.close()
      }
    })

  it('waits no longer than the caller does', async () => {
    let stuck = false
    const service = await openService({
      wrapEngine: (engine): Engine => ({
        ...engine,
        recommend: async (job) => stuck ? await new Promise(() => {}) : await engine.recommend(job),
      }),
    })
    try {
      stuck = true
      const response = await service.post('/recommend?domain=sport', {}, { 'x-request-timeout-ms': '20' })
      expect(response.json()).toMatchObject({ basis: 'popular', degraded: true, degradedReasons: ['engine_timeout'] })
    } finally {
      await service.close()
    }
  })

  it('hides a bug behind a fixed text', async () => {
    let broken = false
    const service = await openService({
      wrapEngine: (engine): Engine => ({
        ...engine,
        async recommend (job) {
          if (broken) throw new TypeError('secret inner text')
          return await engine.recommend(job)
        },
      }),
    })
    try {
      broken = true
      const response = await service.post('/recommend?domain=sport', {})
      expect(response.statusCode).toBe(500)
      expect(response.json()).toMatchObject({ code: 'internal', status: 500 })
      expect(response.body).not.toContain('secret')
    } finally {
      await service.close()
    }
  })
})
