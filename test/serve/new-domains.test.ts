import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/recommend/engine.ts'
import { MOST_OPENED } from '../../src/serve/new-domains.ts'
import { memoryStore } from '../support/memory-store.ts'
import { openModelsService } from './models/service.ts'
import { openService, type Service } from './service.ts'

const BUNDLE = { withLocal: false, system: 'llm-recg' } as const
const HISTORY = [{ itemId: 'sport-0000' }, { itemId: 'cloth-0006' }]
const toy = (itemId: string, title: string, domain = 'toys') => ({ itemId, domain, title })

describe('an item of a domain that the model does not have', () => {
  it.each([
    ['unless the service allows it, whatever the model can', { bundle: BUNDLE }, 'off', 400, 'unknown_domain'],
    ['where the model answers for its own alone', { openDomains: true }, 'unsupported', 409, 'domains_fixed'],
  ] as const)('is refused %s', async (_, deps, newDomains, status, code) => {
    const service = await openService(deps)
    try {
      expect((await service.get('/health')).json()).toMatchObject({ newDomains })
      const response = await service.post('/items', toy('t1', 'running doll'))
      expect([response.statusCode, response.json()]).toMatchObject([
        status, { code, errors: [{ pointer: '/domain', rule: code }] },
      ])
      const batch = await service.post('/items', { items: [toy('s1', 'rope', 'sport'), toy('t1', 'doll')] })
      expect(batch.json()).toMatchObject({ code, errors: [{ pointer: '/items/1/domain' }] })
      const lines = await service.post('/items', JSON.stringify(toy('t1', 'doll')), { 'content-type': 'application/x-ndjson' })
      expect(lines.json()).toEqual({ accepted: 0, rejected: [{ line: 1, code }] })
      expect((await service.post('/recommend?domain=toys', { history: HISTORY })).json()).toMatchObject({ code: 'unknown_domain' })
      expect((await service.get('/items/s1')).statusCode).toBe(404)
    } finally {
      await service.close()
    }
  })
})

describe('a domain that a posted item opens', () => {
  let service: Service
  beforeAll(async () => { service = await openService({ bundle: BUNDLE, openDomains: true }) })
  afterAll(async () => { await service.close() })
  const answer = async (body: object, domain = 'toys') => {
    const response = await service.post(`/recommend?domain=${domain}`, { k: 3, ...body })
    return { status: response.statusCode, ...response.json() }
  }

  it('is there with the first item, and answers from what was done in any domain', async () => {
    expect((await service.get('/health')).json()).toMatchObject({
      newDomains: 'on', domains: [{ domain: 'sport', opened: false }, { domain: 'cloth', opened: false }],
    })
    expect(await answer({ history: HISTORY })).toMatchObject({ status: 400, code: 'unknown_domain' })
    expect((await service.post('/items', {
      items: [toy('t1', 'running doll'), toy('t2', 'yoga bear'), toy('t3', 'chess set')],
    })).statusCode).toBe(201)
    const found = await answer({ history: HISTORY })
    expect(found).toMatchObject({ status: 200, basis: 'history', historyUsed: 2, degraded: false, domain: 'toys' })
    expect(found.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(['t1', 't3', 't2'])
    expect((await service.get('/health')).json().domains[2]).toEqual({
      domain: 'toys', items: 3, retrieval: 'exact', opened: true,
    })
  })

  it('has all that other domains have: histories in it, texts, filters, neighbours, events, metrics', async () => {
    expect((await answer({ history: [{ itemId: 't2' }] }, 'sport')).items[0].title).toMatch(/yoga/)
    expect((await answer({ history: [{ itemId: 't2' }] })).items).toHaveLength(2)
    expect((await answer({ profileText: 'chess' })).items[0]).toMatchObject({ itemId: 't3', domain: 'toys' })
    expect((await answer({ history: HISTORY, filter: { brand: ['Alba'] } })).items).toEqual([])
    expect((await service.get('/items/sport-0000/similar?domain=toys&k=1')).json().items[0].itemId).toBe('t1')
    const events = await service.post('/events', { userId: 'ann', itemId: 't2' })
    expect(events.json()).toMatchObject({ accepted: 1, unknownItems: 0 })
    expect((await answer({ userId: 'ann' }, 'cloth')).basis).toBe('history')
    const metrics = (await service.get('/metrics')).body
    expect(metrics).toContain('isthmus_engine_items{domain="toys",retrieval="exact"} 3')
    expect(metrics).toContain('isthmus_index_tail_items{domain="toys"} 0')
    expect(metrics).toMatch(/isthmus_recommendations_total\{domain="toys",basis="history",variant="none"\} \d/)
  })

  it('has nothing popular yet, and says that it is that', async () => {
    expect(await answer({})).toMatchObject({ status: 200, basis: 'popular', items: [], degraded: false })
  })

  it('has a name that is plain, and no item of another domain', async () => {
    for (const domain of ['toys!', '-toys', 'a/b', '../x', '__proto__', 'x'.repeat(65)]) {
      expect((await service.post('/items', toy('t9', 'doll', domain))).json()).toMatchObject({
        code: 'validation_failed', errors: [{ pointer: '/domain', rule: 'pattern' }],
      })
    }
    expect((await service.post('/items', toy('sport-0001', 'ball'))).json()).toMatchObject({ code: 'item_in_two_domains' })
    expect((await service.post('/items', toy('t8', 'doll', 'constructor'))).statusCode).toBe(201)
    expect((await answer({ history: HISTORY }, 'constructor')).items).toHaveLength(1)
  })

  it('stays though its last item is deleted', async () => {
    await service.delete('/items/t8')
    expect(await answer({ history: HISTORY }, 'constructor')).toMatchObject({ status: 200, items: [] })
  })
})

it('opens no domain for items that are refused', async () => {
  const service = await openService({ bundle: BUNDLE, openDomains: true })
  try {
    const mixed = await service.post('/items', { items: [toy('t1', 'doll'), toy('sport-0001', 'ball')] })
    expect(mixed.json()).toMatchObject({ code: 'item_in_two_domains' })
    expect(service.engine.openedDomains).toEqual([])
    expect((await service.post('/recommend?domain=toys', {})).statusCode).toBe(400)
  } finally {
    await service.close()
  }
})

it('opens so many domains and no more, however they come at once', async () => {
  const limits = { maxItemPosts: 2 * MOST_OPENED, requestTimeoutMs: 5000 }
  const service = await openService({ bundle: BUNDLE, openDomains: true, limits })
  try {
    const posts = Array.from({ length: MOST_OPENED + 6 }, async (_, i) =>
      (await service.post('/items', toy(`m${i}`, 'doll', `d${i}`))).json())
    const codes = (await Promise.all(posts)).map(({ code }) => code).filter((code) => code !== undefined)
    expect(codes).toEqual(Array(6).fill('too_many_domains'))
    expect(service.engine.openedDomains).toHaveLength(MOST_OPENED)
    const more = await service.post('/items', { items: [toy('n1', 'doll', 'd0'), toy('n2', 'doll', 'e1')] })
    expect([more.statusCode, more.json().code]).toEqual([409, 'too_many_domains'])
    expect((await service.post('/items', toy('n1', 'doll', 'd0'))).statusCode).toBe(201)
  } finally {
    await service.close()
  }
})

describe('a restart', () => {
  const store = memoryStore()
  let embeds = true
  const embedder = {
    async embed (texts: readonly string[]) {
      if (!embeds) throw new Error('broken on purpose')
      return new Float32Array(texts.length * 384).map((_, i) => i % 7 - 2)
    },
  }
  const opened = async (openDomains: boolean): Promise<{ engine: Engine, close: () => Promise<void> }> =>
    await openService({ bundle: BUNDLE, openDomains, store, embedder })

  it('opens again what was opened, also where items are pending or gone; not where that is no longer allowed', async () => {
    const service = await openService({ bundle: BUNDLE, openDomains: true, store, embedder })
    await service.post('/items', toy('t1', 'doll'))
    await service.post('/items', toy('g1', 'spade', 'garden'))
    await service.delete('/items/g1')
    embeds = false
    expect((await service.post('/items', toy('p1', 'pen', 'paper'))).json().state).toBe('pending')
    expect((await service.post('/recommend?domain=paper', { history: HISTORY })).json()).toMatchObject({ items: [] })
    await service.close()
    const again = await opened(true)
    expect([...again.engine.openedDomains].sort()).toEqual(['garden', 'paper', 'toys'])
    expect(again.engine.status().items).toMatchObject({ toys: 1, garden: 0, paper: 0 })
    await again.close()
    const without = await opened(false)
    expect(without.engine.openedDomains).toEqual([])
    await without.close()
  })
})

describe('a change of models', () => {
  it('keeps a domain that was opened, also one opened meanwhile, and loses it where the next model cannot have it', async () => {
    const service = await openModelsService({ bundles: [BUNDLE, BUNDLE, {}], deps: { openDomains: true } })
    const status = async (domain: string): Promise<number> =>
      (await service.post(`/recommend?domain=${domain}`, { history: HISTORY })).statusCode
    const activate = async (i: number) =>
      await service.post('/models/activate', { version: service.versions[i]!.manifest.version })
    const health = async () => (await service.get('/health')).json()
    try {
      expect((await service.post('/items', toy('t1', 'running doll'))).statusCode).toBe(201)
      service.whileLoading(async () => {
        expect((await service.post('/items', toy('g1', 'spade', 'garden'))).statusCode).toBe(201)
      })
      expect((await activate(1)).statusCode).toBe(200)
      service.whileLoading(undefined)
      expect([await status('toys'), await status('garden'), (await health()).newDomains]).toEqual([200, 200, 'on'])
      expect((await service.post('/recommend?domain=garden', { history: HISTORY })).json()).toMatchObject({
        model: { version: service.versions[1]!.manifest.version }, items: [{ itemId: 'g1' }],
      })

      expect((await activate(2)).statusCode).toBe(200)
      expect([await status('toys'), (await health()).newDomains, (await health()).pendingItems]).toEqual([400, 'unsupported', 0])
      expect((await service.post('/items', toy('t2', 'doll'))).json()).toMatchObject({ code: 'domains_fixed' })
      expect((await service.post('/models/rollback')).statusCode).toBe(200)
      expect([await status('toys'), await status('garden'), (await health()).newDomains]).toEqual([200, 200, 'on'])
    } finally {
      await service.close()
    }
  })
})
