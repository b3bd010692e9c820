import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { domainBringer } from '../../src/serve/new-domains.ts'
import { replayItems } from '../../src/serve/replay.ts'
import type { EngineWriter } from '../../src/recommend/engine-client.ts'
import type { EngineItem } from '../../src/recommend/engine.ts'
import { NOW, openService, type Service, tinyEmbedder } from './service.ts'

const ITEM = { itemId: 'cold-1', domain: 'sport', title: 'climbing mat 1', brand: 'Alba', categories: ['climbing'], price: 9 }
const HISTORY = [{ itemId: 'sport-0001' }, { itemId: 'sport-0007' }]

describe('items that came after the model', () => {
  let service: Service
  beforeAll(async () => { service = await openService() })
  afterAll(async () => { await service.close() })

  const recommended = async (body: object = {}): Promise<string[]> => {
    const response = await service.post('/recommend?domain=sport', { history: HISTORY, k: 100, ...body })
    return response.json().items.map(({ itemId }: { itemId: string }) => itemId)
  }

  it('are in the next answer, by their text alone', async () => {
    expect(await recommended()).not.toContain('cold-1')
    const response = await service.post('/items', ITEM)
    expect([response.statusCode, response.json()]).toEqual([201, { itemId: 'cold-1', domain: 'sport', state: 'ready' }])
    expect((await recommended()).slice(0, 5)).toContain('cold-1')
    expect(await recommended({ filter: { ingestedAfter: NOW - 1 } })).toEqual(['cold-1'])
    expect(await recommended({ filter: { brand: ['Alba'], categories: ['climbing'], priceMax: 9 } })).toContain('cold-1')
  })

  it('are shown as they were posted', async () => {
    expect((await service.get('/items/cold-1')).json()).toEqual({ ...ITEM, version: 1, state: 'ready', source: 'posted' })
    expect((await service.get('/items/sport-0001')).json()).toMatchObject({ itemId: 'sport-0001', source: 'bundle', version: 1 })
    expect((await service.get('/items/nothing')).statusCode).toBe(404)
  })

  it('have neighbours, in another domain too', async () => {
    const own = (await service.get('/items/cold-1/similar?k=5')).json()
    expect(own).toMatchObject({ itemId: 'cold-1', domain: 'sport', model: { name: 'tiny' } })
    expect(own.items.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2, 3, 4, 5])
    const other = (await service.get('/items/cold-1/similar?domain=cloth')).json()
    expect(other.items).toHaveLength(10)
    expect(new Set(other.items.map(({ domain }: { domain: string }) => domain))).toEqual(new Set(['cloth']))
    expect((await service.get('/items/nothing/similar')).statusCode).toBe(404)
  })

  it('replace an item of the bundle, as its second version', async () => {
    const response = await service.post('/items', { itemId: 'sport-0009', domain: 'sport', title: 'yoga mat' })
    expect(response.statusCode).toBe(200)
    expect((await service.get('/items/sport-0009')).json()).toMatchObject({ title: 'yoga mat', version: 2, source: 'posted' })
  })

  it('are gone from all answers once deleted, and so is an item of the bundle', async () => {
    expect((await service.delete('/items/cold-1')).statusCode).toBe(204)
    expect((await service.delete('/items/cold-1')).statusCode).toBe(404)
    expect((await service.delete('/items/sport-0000')).statusCode).toBe(204)
    const ids = await recommended()
    expect(ids).not.toContain('cold-1')
    expect(ids).not.toContain('sport-0000')
  })

  it('come as a stream of lines, and a bad line stops nothing', async () => {
    const line = (itemId: string, more: object = {}): string => JSON.stringify({ itemId, domain: 'sport', title: 'tennis cap', ...more })
    const lines = [
      line('n1'), '', '{', line('n2', { price: -1 }), line('n3', { domain: 'toys' }), line('cloth-0001'),
      JSON.stringify({ itemId: 'n4', domain: 'sport', title: 'a', description: 'x'.repeat(70_000) }),
      line('n1', { title: 'tennis racket' }), line('n5'),
    ]
    const response = await service.post('/items', lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    expect([response.statusCode, response.json()]).toEqual([200, {
      accepted: 3,
      rejected: [
        { line: 3, code: 'malformed_json' }, { line: 4, code: 'validation_failed' }, { line: 5, code: 'unknown_domain' },
        { line: 6, code: 'item_in_two_domains' }, { line: 7, code: 'body_too_large' },
      ],
    }])
    expect((await service.get('/items/n1')).json()).toMatchObject({ title: 'tennis racket', version: 2 })
    expect((await service.get('/items/n5')).statusCode).toBe(200)
  })

  it('are not taken as lines where the body is JSON', async () => {
    const response = await service.post('/items', '{"itemId":"l1"}\n{"itemId":"l2"}')
    expect([response.statusCode, response.json().code]).toEqual([400, 'malformed_json'])
  })

  it('are not acknowledged where they could not be stored', async () => {
    service.store.failWith(new IsthmusError('store_full', 'broken on purpose'))
    const response = await service.post('/items', { itemId: 'f1', domain: 'sport', title: 'tennis cap' })
    const stream = await service.post('/items', '{"itemId":"f2","domain":"sport","title":"a"}', { 'content-type': 'application/x-ndjson' })
    service.store.failWith(undefined)
    expect([response.statusCode, response.json().code]).toEqual([503, 'store_full'])
    expect([stream.statusCode, stream.json().code]).toEqual([503, 'store_full'])
    expect((await service.get('/items/f1')).statusCode).toBe(404)
    expect(await recommended()).not.toContain('f1')
  })
})

describe('items whose text cannot be embedded', () => {
  it('are stored as pending, and searchable once they can', async () => {
    let broken = true
    const service = await openService({
      embedder: {
        embed: async (texts) => {
          if (broken) throw new IsthmusError('embedder_failed', 'broken on purpose')
          return await tinyEmbedder.embed(texts)
        },
      },
    })
    try {
      const body = { itemId: 'p1', domain: 'sport', title: 'climbing rope' }
      const response = await service.post('/items', body)
      expect([response.statusCode, response.json().state]).toEqual([201, 'pending'])
      expect((await service.get('/health')).json()).toMatchObject({ status: 'degraded', pendingItems: 1 })
      expect((await service.get('/items/p1')).json()).toMatchObject({ state: 'pending', version: 1 })
      await expect(service.catalogue.retryPending(new AbortController().signal)).rejects.toMatchObject({ code: 'embedder_failed' })

      broken = false
      expect(await service.catalogue.retryPending(new AbortController().signal)).toBe(0)
      expect((await service.get('/items/p1')).json()).toMatchObject({ state: 'ready', version: 1 })
      const { items } = (await service.post('/recommend?domain=sport', { history: HISTORY, k: 100 })).json()
      expect(items.map(({ itemId }: { itemId: string }) => itemId)).toContain('p1')
      expect((await service.post('/items', body)).statusCode).toBe(200)
    } finally {
      await service.close()
    }
  })

  it('are stored as pending where the embedder takes too long', async () => {
    const service = await openService({
      embedder: { embed: async () => await new Promise(() => {}) }, limits: { embedWithinMs: 20 },
    })
    try {
      const response = await service.post('/items', { itemId: 'p1', domain: 'sport', title: 'rope' })
      expect([response.statusCode, response.json().state]).toEqual([201, 'pending'])
    } finally {
      await service.close()
    }
  })

  it('stay out of answers where the vector has no direction, and spoil nothing for others', async () => {
    const service = await openService({
      embedder: {
        async embed (texts) {
          const rows = await tinyEmbedder.embed(texts)
          for (const [i, text] of texts.entries()) if (text === 'nothing') rows.fill(0, i * 384, (i + 1) * 384)
          return rows
        },
      },
    })
    try {
      const response = await service.post('/items', {
        items: [{ itemId: 'p1', domain: 'sport', title: 'nothing' }, { itemId: 'p2', domain: 'sport', title: 'rope' }],
      })
      expect([response.statusCode, response.json().items]).toMatchObject([201, [{ state: 'pending' }, { state: 'ready' }]])
    } finally {
      await service.close()
    }
  })
})

describe('a restart', () => {
  it('brings the engine to what the journal holds, and names what still has to be embedded', async () => {
    const service = await openService()
    try {
      for (const itemId of ['r1', 'r2', 'r3']) await service.post('/items', { ...ITEM, itemId })
      await service.post('/items', { ...ITEM, itemId: 'r1', title: 'yoga mat' })
      await service.delete('/items/r2')
      await service.delete('/items/sport-0005')
      const old = service.store.getItem('r3')!
      await service.store.putItems([
        { ...old, itemId: 'r4', embedderId: 'older/1' }, { ...old, itemId: 'r5', domain: 'toys' },
      ])
      const put: EngineItem[] = []
      const removed: string[] = []
      const engine: EngineWriter = {
        domains: service.engine.domains,
        opensDomains: false,
        openDomain: async () => { throw new Error('opened') },
        embedder: service.engine.embedder,
        putItems: async (items) => { put.push(...items) },
        removeItem: async (itemId) => removed.push(itemId) > 0,
      }
      const replayed = await replayItems(service.store, engine, domainBringer(false), { warn: () => {} })
      expect(replayed).toEqual({ items: 2, deleted: 2, pending: ['r4'] })
      expect(put.map(({ itemId, title }) => [itemId, title])).toEqual([['r3', 'climbing mat 1'], ['r1', 'yoga mat']])
      expect(removed).toEqual(['r2', 'sport-0005'])
    } finally {
      await service.close()
    }
  })
})
