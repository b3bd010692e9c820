import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { ROUTES } from '../../client/api.ts'
import { type Client, createClient, IsthmusProblem } from '../../client/isthmus.ts'
import { alsoLike } from '../../client/examples/frontend.ts'
import { openService, type Service } from '../serve/service.ts'

describe('the client', () => {
  let service: Service
  let baseUrl: string
  let client: Client

  beforeAll(async () => {
    service = await openService()
    baseUrl = await service.server.listen({ port: 0, host: '127.0.0.1' })
    client = createClient({ baseUrl: `${baseUrl}/` })
  })
  afterAll(async () => { await service.close() })

  it('has a function for every operation of the document', () => {
    const { paths } = JSON.parse(readFileSync(join(import.meta.dirname, '../../openapi/openapi.json'), 'utf8')) as
      { paths: Record<string, Record<string, { operationId: string }>> }
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(Object.keys(ROUTES).sort()).toEqual(ids.sort())
    expect(Object.keys(client).sort()).toEqual(ids.sort())
  })

  it('asks for a session, and is told what the answer rests on', async () => {
    const answer = await client.recommend({
      query: { domain: 'sport' }, body: { history: [{ itemId: 'cloth-0001' }, { itemId: 'sport-0002' }], k: 3 },
    })
    expect([answer.basis, answer.historyUsed, answer.items.length]).toEqual(['history', 2, 3])
    expectTypeOf(answer.basis).toEqualTypeOf<'history' | 'text' | 'popular'>()
    expectTypeOf(answer.items[0]!.title).toEqualTypeOf<string | undefined>()
  })

  it('brings an item and takes it away again, by its id in the path', async () => {
    const itemId = 'new/1?'
    expect(await client.putItems({ body: { itemId, domain: 'sport', title: 'Yoga mat' } })).toMatchObject({ itemId })
    expect(await client.getItem({ path: { itemId } })).toMatchObject({ itemId, domain: 'sport' })
    expect(await client.similarItems({ path: { itemId: 'sport-0001' }, query: { k: 2 } })).toMatchObject({ items: [{}, {}] })
    expect(await client.deleteItem({ path: { itemId } })).toBeUndefined()
    await expect(client.getItem({ path: { itemId } })).rejects.toMatchObject({ status: 404, code: 'not_found' })
  })

  it('tells what an event did, and what of a request was wrong', async () => {
    expect(await client.postEvents({ body: { userId: 'u1', itemId: 'sport-0001' } })).toMatchObject({ accepted: 1 })
    expect(await client.getUser({ path: { userId: 'u1' } })).toMatchObject({ userId: 'u1' })
    const refused = await client.recommend({ query: { domain: 'sport' }, body: { k: 0 } })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(IsthmusProblem)
    expect(refused).toHaveProperty('code', 'validation_failed')
    expect({ ...refused as IsthmusProblem }).toMatchObject({
      status: 400, code: 'validation_failed', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), faults: [{ pointer: '/k', rule: 'minimum' }],
    })
  })

  it('sends the key, and says how long to wait', async () => {
    const asked: RequestInit[] = []
    const busy: typeof fetch = async (_, init) => {
      asked.push(init!)
      return Response.json({ code: 'overloaded', title: 'The service is busy' }, { status: 503, headers: { 'retry-after': '2' } })
    }
    const keyed = createClient({ baseUrl, apiKey: 'isk_x', fetch: busy })
    await expect(keyed.live({})).rejects.toMatchObject({ code: 'overloaded', retryAfter: 2 })
    expect(asked[0]!.headers).toMatchObject({ authorization: 'Bearer isk_x' })
  })

  it('calls what is no service by that name', async () => {
    const proxy: typeof fetch = async () => new Response('<h1>Bad gateway</h1>', { status: 502 })
    await expect(createClient({ baseUrl, fetch: proxy }).live({})).rejects.toMatchObject({ status: 502, code: 'not_isthmus' })
  })

  it('is what the example of a page shows titles by', async () => {
    expect(await alsoLike(baseUrl, 'sport', ['cloth-0001', 'sport-0002'])).toHaveLength(5)
    expect(await alsoLike(baseUrl, 'sport', [])).toEqual([])
    await expect(alsoLike(baseUrl, 'no-such', ['cloth-0001'])).rejects.toMatchObject({ code: 'unknown_domain' })
  })
})
