import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey, parseKeys } from '../../src/config/api-keys.ts'
import { openService, type Service } from './service.ts'

let service: Service
beforeAll(async () => { service = await openService() })
afterAll(async () => { await service.close() })

const get = async (url: string): Promise<{ status: number, body: Record<string, unknown> }> => {
  const response = await service.get(url)
  return { status: response.statusCode, body: response.json() }
}

describe('GET /items', () => {
  it('finds items of a domain by words of their titles, page by page', async () => {
    const { status, body } = await get('/items?domain=sport&query=%20yoga%20%20mat&k=1')
    expect(status).toBe(200)
    expect(body).toEqual({
      requestId: expect.any(String),
      domain: 'sport',
      items: [{ itemId: expect.stringMatching(/^sport-/), domain: 'sport', title: expect.stringMatching(/yoga mat/) }],
      next: expect.any(Number),
    })
    const more = await get(`/items?domain=sport&query=yoga+mat&from=${String(body.next)}`)
    expect(more.body.items).not.toContainEqual((body.items as unknown[])[0])
  })

  it.each([
    ['no word', 'domain=sport&query=%20', '/querystring/query'],
    ['nine words', 'domain=sport&query=a+b+c+d+e+f+g+h+i', '/querystring/query'],
    ['a k that is none', 'domain=sport&query=a&k=51', '/querystring/k'],
    ['a place that is none', 'domain=sport&query=a&from=-1', '/querystring/from'],
    ['a domain that is none', 'domain=garden&query=a', '/querystring/domain'],
  ])('refuses %s by name', async (_, query, pointer) => {
    const { status, body } = await get(`/items?${query}`)
    expect(status).toBe(400)
    expect(body.errors).toEqual([expect.objectContaining({ pointer })])
  })
})

describe('the chart', () => {
  it('has the items, and places those that are named', async () => {
    const { body } = await get('/chart')
    expect(body).toMatchObject({ share: expect.any(Number), requestId: expect.any(String) })
    expect(body.points).toHaveLength(120)
    const response = await service.post('/chart', { itemIds: ['cloth-0003', 'nothing'] })
    expect(response.json<{ points: unknown[] }>().points).toEqual([
      (body.points as Array<{ itemId: string }>).find(({ itemId }) => itemId === 'cloth-0003'),
    ])
    expect((await service.post('/chart', { itemIds: [] })).statusCode).toBe(400)
  })
})

describe('what the page may offer', () => {
  const [reader, writer] = [newKey('reader', 'read'), newKey('writer', 'read+write')]
  const ask = async (other: Service, key?: string): Promise<[number, unknown]> => {
    const response = await other.get('/playground', key === undefined ? {} : { authorization: `Bearer ${key}` })
    return [response.statusCode, response.json<{ mayWrite?: boolean }>().mayWrite]
  }

  it('is writes without a key on loopback alone', async () => {
    expect((await get('/playground')).body).toEqual({
      model: { name: 'tiny', version: service.tiny.manifest.version },
      system: 'tiny',
      generated: true,
      threads: ['global', 'local'],
      domains: ['sport', 'cloth'],
      mayWrite: true,
    })
    const open = await openService({ onLoopback: false })
    expect(await ask(open)).toEqual([200, false])
    await open.close()
  })

  it('is what the key may do, where there are keys, and nothing without one', async () => {
    const keyed = await openService({ keys: [reader, writer].flatMap(({ entry }) => parseKeys(entry, 'API_KEYS')) })
    expect(await ask(keyed)).toEqual([401, undefined])
    expect(await ask(keyed, 'wrong')).toEqual([401, undefined])
    expect(await ask(keyed, reader.key)).toEqual([200, false])
    expect(await ask(keyed, writer.key)).toEqual([200, true])
    // The page itself holds nothing, and asks for the key.
    expect((await keyed.get('/')).statusCode).toBe(200)
    await keyed.close()
  })
})

describe('the page', () => {
  it('comes with a policy that lets nothing from elsewhere and nothing inline run', async () => {
    const { headers, body } = await service.get('/')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(body).not.toMatch(/ style=| on\w+=|<script>|<style>|https?:/)
    for (const [, url] of body.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      expect([url, (await service.get(url!)).statusCode]).toEqual([url, 200])
    }
  })

  it('is off, with all that it alone asks for, where that is set', async () => {
    const off = await openService({ playground: false })
    for (const url of ['/', '/page.css', '/page/main.js', '/icon.svg', '/playground', '/chart', '/items?domain=sport&query=a']) {
      expect([url, (await off.get(url)).statusCode]).toEqual([url, url.startsWith('/items') ? 405 : 404])
    }
    expect((await off.post('/recommend?domain=sport', {})).statusCode).toBe(200)
    await off.close()
  })
})
