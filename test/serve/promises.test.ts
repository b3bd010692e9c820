import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { newKey, parseKeys } from '../../src/config/api-keys.ts'
import { IsthmusError } from '../../src/errors.ts'
import type { Engine } from '../../src/recommend/engine.ts'
import { createServer } from '../../src/serve/create-server.ts'
import { figure } from '../support/figures.ts'
import { openService, type Service } from './service.ts'

const SPORT = '/recommend?domain=sport'

describe('the service promises:', () => {
  let service: Service
  let broken: IsthmusError | undefined
  afterEach(async () => {
    broken = undefined
    await service.close()
  })
  /** Its engine fails as `broken` says, once that is set. */
  const openBreakable = async (): Promise<Service> => await openService({
    wrapEngine: (engine): Engine => ({
      ...engine,
      async recommend (job) {
        if (broken !== undefined) throw broken
        return await engine.recommend(job)
      },
    }),
  })

  it('P15: refuses JSON nested too deeply, on every route that takes some, and goes on', async () => {
    service = await openService()
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    const paths = [SPORT, '/recommend/batch', '/items', '/events']
    for (const path of paths) {
      for (const depth of [33, 100_000]) {
        const response = await service.post(path, nested(depth))
        expect([response.statusCode, response.json().code]).toEqual([400, 'json_too_deep'])
      }
      expect((await service.post(path, nested(32))).json().code).toBe('validation_failed')
    }
    expect((await service.post(SPORT, {})).statusCode).toBe(200)
  })

  it('P16: an engine whose numbers are none is replaced by popular items, and said so', async () => {
    service = await openBreakable()
    broken = new IsthmusError('engine_bad_output', 'NaN on purpose')
    const answer = await service.post(SPORT, { history: [{ itemId: 'sport-0001' }] })
    expect([answer.statusCode, answer.json().degradedReasons]).toEqual([200, ['engine_bad_output']])
    expect(answer.json().items.every(({ score }: { score: number }) => Number.isFinite(score))).toBe(true)
    expect((await service.get('/metrics')).body).toContain('isthmus_degraded_total{reason="engine_bad_output"} 1')
  })

  it('P19: a URL in any field is text, and nobody is called', async () => {
    let calls = 0
    const tripwire = createHttpServer((_request, response) => {
      calls++
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => tripwire.once('listening', resolve))
    const url = `http://127.0.0.1:${(tripwire.address() as AddressInfo).port}/x.png`
    try {
      service = await openService()
      const texts = { title: `![rope](${url})`, brand: url, categories: [url], features: [url], description: url }
      const item = { itemId: 'new-1', domain: 'sport', ...texts }
      expect((await service.post('/items', item)).statusCode).toBe(201)
      expect((await service.post('/items', { ...item, imageUrl: url })).statusCode).toBe(400)
      expect((await service.post('/events', { userId: url, itemId: url })).statusCode).toBe(202)
      expect((await service.post(SPORT, { userId: url, profileText: url, exclude: [url] })).statusCode).toBe(200)
      expect(calls).toBe(0)
    } finally {
      tripwire.close()
    }
  })

  it('P27: lives, whatever is broken', async () => {
    service = await openBreakable()
    broken = new IsthmusError('engine_unavailable', 'broken on purpose')
    service.store.failWith(new IsthmusError('store_full', 'broken on purpose'))
    expect((await service.post('/events', { userId: 'u1', itemId: 'sport-0001' })).statusCode).toBe(503)
    expect((await service.post(SPORT, {})).json().degradedReasons).toEqual(['engine_unavailable'])
    expect((await service.get('/health/live')).json()).toEqual({ status: 'ok' })
    service.store.failWith(undefined)
  })

  it('P35: has metrics whose series do not grow with users, items, paths or methods', async ({ task }) => {
    service = await openService()
    const round = async (i: number): Promise<void> => {
      await service.post(SPORT, { userId: `user-${i}`, history: [{ itemId: `item-${i}` }] })
      await service.post('/events', { userId: `user-${i}`, itemId: `item-${i}` })
      await service.get(`/items/item-${i}`)
      await service.get(`/path-${i}?q=${i}`)
      await service.inject({ method: 'PROPFIND' as 'GET', url: '/items' })
    }
    const series = async (): Promise<number> =>
      (await service.get('/metrics')).body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    await round(0)
    await series()
    const before = await series()
    for (let i = 1; i <= 100; i++) await round(i)
    expect(await series()).toBe(before)
    // The rest of ten thousand users and items in a few calls, of which each kind has one before the count.
    const many = async (from: number, count: number): Promise<void> => {
      const ids = Array.from({ length: count }, (_, i) => from + i)
      const events = ids.map((i) => ({ userId: `user-${i}`, itemId: `item-${i}` }))
      expect((await service.post('/events', { events })).statusCode).toBe(202)
      const requests = ids.slice(0, 256).map((i) => ({ domain: 'sport', userId: `user-${i}`, history: [{ itemId: `item-${i}` }] }))
      expect((await service.post('/recommend/batch', { requests })).statusCode).toBe(200)
    }
    await many(101, 1)
    const all = await series()
    for (let from = 1000; from < 11_000; from += 1000) await many(from, 1000)
    expect(await series()).toBe(all)
    expect(all).toBeLessThanOrEqual(300)
    figure({ task }, `${before} series after 1 user, ${all} after 10,101`)
    const { body } = await service.get('/metrics')
    expect(body).not.toMatch(/NaN|user-|item-\d|path-/)
  })

  it('P36: keeps keys, ids, texts and what an attacker writes out of logs and refusals', async () => {
    const lines: string[] = []
    const server = createServer({ level: 'trace', stream: { write: (line) => { lines.push(line) } } })
    const { key, entry } = newKey('shop', 'read,write')
    service = await openService({ server, keys: parseKeys(entry, 'API_KEYS') })
    const headers = { authorization: `Bearer ${key}` }
    const answers = [
      await service.post(`${SPORT}&canary=1`, { userId: 'canary canary' }, headers),
      await service.post(SPORT, { profileText: 'canary', canary: 1 }, headers),
      await service.post('/items', { itemId: 'x', domain: 'canary', title: 'canary\r\n\u001b[31m{"level":60}' }, headers),
      await service.post('/events', '{"canary":', headers),
      await service.get('/items/canary', { 'x-api-key': 'isk_canary', 'x-request-id': 'canary\r\ncanary' }),
      await service.get('/canary?canary=1', { ...headers, cookie: 'canary' }),
    ]
    service.store.failWith(new IsthmusError('store_full', 'broken on purpose'))
    answers.push(await service.post('/events', { userId: 'canary', itemId: 'canary' }, headers))
    service.store.failWith(undefined)
    const printed = lines.join('') + answers.map(({ body }) => body).join('')
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 400, 400, 400, 401, 404, 503])
    expect(printed).not.toContain('canary')
    expect(printed).not.toContain(key)
    expect(answers.map(({ body }) => body).join('')).not.toMatch(/\.ts:\d|\.js:\d|node_modules/)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
  })

  it('P40: a caller who sends ten thousand events of one item moves no popular list', async () => {
    service = await openService()
    const before = (await service.post(SPORT, { k: 50 })).json().items
    for (let batch = 0; batch < 10; batch++) {
      const events = Array.from({ length: 1000 }, (_, i) => ({ userId: `bot-${batch}-${i}`, itemId: 'sport-0059' }))
      expect((await service.post('/events', { events })).json().accepted).toBe(1000)
    }
    const one = Array.from({ length: 1000 }, () => ({ userId: 'bot', itemId: 'sport-0059' }))
    expect((await service.post('/events', { events: one })).json().accepted).toBe(100)
    expect((await service.post(SPORT, { k: 50 })).json().items).toEqual(before)
  })
})
