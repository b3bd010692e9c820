import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newKey, parseKeys } from '../../src/config/api-keys.ts'
import { openService, type Service } from './service.ts'

const [shop, other] = [newKey('shop', 'read,write'), newKey('other', 'read')]
const keys = [shop, other].flatMap(({ entry }) => parseKeys(entry, 'API_KEYS'))
const by = ({ key }: { key: string }): Record<string, string> => ({ authorization: `Bearer ${key}` })
const item = { itemId: 'new-1', domain: 'sport', title: 'climbing rope' }

describe('a caller that sends too much', () => {
  let service: Service | undefined
  // The clock alone: the service's own timers go on.
  beforeEach(() => { vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 }) })
  afterEach(async () => {
    vi.useRealTimers()
    await service?.close()
  })

  it('P26: is told to wait, by its key, and nobody else is', async () => {
    service = await openService({ keys, limits: { requestsPerMinute: 12, requestTimeoutMs: 5000 } })
    const ask = async (headers: Record<string, string>) => await service!.post('/recommend?domain=sport', {}, headers)
    for (let i = 0; i < 12; i++) expect((await ask(by(shop))).statusCode).toBe(200)
    const refused = await ask(by(shop))
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'rate_limited'])
    expect(refused.headers).toMatchObject({ 'retry-after': '60', 'ratelimit-limit': '12', 'ratelimit-remaining': '0' })
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect((await ask(by(other))).statusCode).toBe(200)
    expect((await service.get('/health/live', by(shop))).statusCode).toBe(200)
    vi.setSystemTime(1_060_001)
    expect((await ask(by(shop))).statusCode).toBe(200)
  })

  it('P26: has a count of its own for what is dear', async () => {
    service = await openService({ keys, limits: { itemsPerMinute: 2, requestTimeoutMs: 5000 } })
    const statuses: number[] = []
    for (let i = 0; i < 3; i++) statuses.push((await service.post('/items', item, by(shop))).statusCode)
    expect(statuses).toEqual([201, 200, 429])
    expect((await service.post('/recommend?domain=sport', {}, by(shop))).statusCode).toBe(200)
  })

  it('P26: is its address where there are no keys, and probes and metrics never count', async () => {
    service = await openService({ limits: { requestsPerMinute: 1, requestTimeoutMs: 5000 } })
    for (let i = 0; i < 3; i++) {
      expect((await service.get('/metrics')).statusCode).toBe(200)
      expect((await service.get('/health/ready')).statusCode).toBe(200)
    }
    expect((await service.get('/items/sport-0001')).statusCode).toBe(200)
    expect((await service.get('/items/sport-0001')).statusCode).toBe(429)
    expect((await service.inject({ url: '/items/sport-0001', remoteAddress: '192.0.2.7' })).statusCode).toBe(200)
    expect((await service.inject({ url: '/items/sport-0001', headers: { 'x-forwarded-for': '192.0.2.8' } })).statusCode).toBe(429)
    expect((await service.get('/metrics')).body).toContain('isthmus_refused_total{reason="rate_limited"} 2')
  })

  it('may try twenty wrong keys a minute', async () => {
    service = await openService({ keys })
    const ask = async (headers: Record<string, string>) => await service!.get('/items/sport-0001', headers)
    for (let i = 0; i < 20; i++) expect((await ask({ 'x-api-key': `isk_${i}` })).statusCode).toBe(401)
    const refused = await ask({ 'x-api-key': 'isk_20' })
    expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([429, 'rate_limited', '60'])
    // Somebody behind the same address with a key is not the one who guesses.
    expect((await ask(by(shop))).statusCode).toBe(200)
    vi.setSystemTime(1_060_001)
    expect((await ask({ 'x-api-key': 'isk_21' })).statusCode).toBe(401)
  })
})
