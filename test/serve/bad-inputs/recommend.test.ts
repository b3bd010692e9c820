import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openService, type Service } from '../service.ts'

interface Sent {
  readonly body?: unknown
  readonly url?: string
  readonly headers?: Record<string, string>
}
type Row = readonly [row: string, sent: Sent, status: number, code?: string]

const SPORT = '/recommend?domain=sport'
const NO_TYPE = { 'content-type': '' }
const text = (body: string, headers: Record<string, string> = {}): Sent => ({ body, headers })
const bytes = (...all: number[]): Sent => ({ body: Buffer.from(all) })
const json = (body: unknown): Sent => ({ body })
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `i${i}`)

/** RELIABILITY.md 5.1, by number; what is left out is in not-here.ts. */
const ROWS: readonly Row[] = [
  ['1 an empty body', text(''), 400, 'empty_body'],
  ['2 half an object', text('{"userId":'), 400, 'malformed_json'],
  ['3 null', text('null'), 400, 'validation_failed'],
  ['3 an array', text('[]'), 400, 'validation_failed'],
  ['3 a string', text('"x"'), 400, 'validation_failed'],
  ['4 NaN', text('{"k":NaN}'), 400, 'malformed_json'],
  ['4 Infinity', text('{"k":Infinity}'), 400, 'malformed_json'],
  ['5 a trailing comma', text('{"k":5,}'), 400, 'malformed_json'],
  ['6 a byte order mark', text('\ufeff{}'), 200],
  ['7 the bytes ff fe', bytes(0xff, 0xfe), 400, 'malformed_json'],
  ['8 half a surrogate pair', text('{"userId":"\\ud800"}'), 400, 'malformed_json'],
  ['9 NUL in an id', text('{"userId":"a\\u0000b"}'), 400, 'validation_failed'],
  ['10 a key twice: the last wins', text('{"k":0,"k":5}'), 200],
  ['11 __proto__', text('{"__proto__":{"k":1}}'), 400, 'malformed_json'],
  ['12 __proto__ with an escape', text('{"\\u005f_proto__":{"k":1}}'), 400, 'malformed_json'],
  ['13 constructor.prototype', text('{"constructor":{"prototype":{"k":1}}}'), 400, 'malformed_json'],
  ['14 a number as userId', json({ userId: 5 }), 400, 'validation_failed'],
  ['15 an array as userId', json({ userId: ['u'] }), 400, 'validation_failed'],
  ['16 userId null', json({ userId: null }), 400, 'validation_failed'],
  ['16 userId empty', json({ userId: '' }), 400, 'validation_failed'],
  ['16 userId of spaces', json({ userId: '   ' }), 400, 'validation_failed'],
  ['16 userId of 128', json({ userId: 'u'.repeat(128) }), 200],
  ['16 userId of 129', json({ userId: 'u'.repeat(129) }), 400, 'validation_failed'],
  ['16 userId of 10,000', json({ userId: 'u'.repeat(10_000) }), 400, 'validation_failed'],
  ['17 a path as userId', json({ userId: '../../x' }), 200],
  ['17 a key pattern as userId', json({ userId: 'a:b*' }), 200],
  ['17 a template as userId', json({ userId: '{{7*7}}' }), 200],
  ['17 SQL as userId', json({ userId: "' OR 1=1" }), 400, 'validation_failed'],
  ['17 an operator as userId', json({ userId: { $ne: null } }), 400, 'validation_failed'],
  ['18 k "5"', json({ k: '5' }), 400, 'validation_failed'],
  ['19 k true', json({ k: true }), 400, 'validation_failed'],
  ['20 k null', json({ k: null }), 400, 'validation_failed'],
  ['20 k 0', json({ k: 0 }), 400, 'validation_failed'],
  ['20 k -1', json({ k: -1 }), 400, 'validation_failed'],
  ['20 k -0', text('{"k":-0}'), 400, 'validation_failed'],
  ['20 k 1.5', json({ k: 1.5 }), 400, 'validation_failed'],
  ['20 k 101', json({ k: 101 }), 400, 'validation_failed'],
  ['20 k 2^53+1', text('{"k":9007199254740993}'), 400, 'validation_failed'],
  ['20 k 1e400', text('{"k":1e400}'), 400, 'validation_failed'],
  ['21 k 1e2 is 100', text('{"k":1e2}'), 200],
  ['22 an unknown property', json({ n: 5 }), 400, 'validation_failed'],
  ['23 exclude is a string', json({ exclude: 'x' }), 400, 'validation_failed'],
  ['24 exclude of 500', json({ exclude: ids(500) }), 200],
  ['24 exclude of 501', json({ exclude: ids(501) }), 400, 'validation_failed'],
  ['25 exclude twice the same', json({ exclude: ['sport-0000', 'sport-0000'] }), 200],
  ['27 exclude unknown ids', json({ exclude: ['nothing'] }), 200],
  ['28 an unknown domain', { body: {}, url: '/recommend?domain=toys' }, 400, 'unknown_domain'],
  ['28 no domain', { body: {}, url: '/recommend' }, 400, 'validation_failed'],
  ['28 two domains', { body: {}, url: '/recommend?domain=sport&domain=cloth' }, 400, 'validation_failed'],
  ['30 depth 33', text('{"a":'.repeat(33) + '1' + '}'.repeat(33)), 400, 'json_too_deep'],
  ['30 depth 32', text('{"a":'.repeat(32) + '1' + '}'.repeat(32)), 400, 'validation_failed'],
  ['30 depth 100,000', text('['.repeat(100_000)), 400, 'json_too_deep'],
  ['31 300 KB', json({ profileText: 'x'.repeat(300_000) }), 413, 'body_too_large'],
  ['32 items that no model knows', json({ history: [{ itemId: '-1' }, { itemId: '2147483648' }, { itemId: 'no' }] }), 200],
  ['33 a history of 1,001', json({ history: ids(1001).map((itemId) => ({ itemId })) }), 400, 'validation_failed'],
  ['33 a history of 10,000', json({ history: ids(10_000).map((itemId) => ({ itemId })) }), 400, 'validation_failed'],
  ['34 text/plain', text('{}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
  ['34 XML', text('<a/>', { 'content-type': 'application/xml' }), 415, 'unsupported_media_type'],
  ['34 a form', text('k=5', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
  ['34 no content type', text('{}', NO_TYPE), 415, 'unsupported_media_type'],
  ['34 charset=utf-16', text('{}', { 'content-type': 'application/json; charset=utf-16' }), 415, 'unsupported_media_type'],
  ['34 charset=utf-8', text('{}', { 'content-type': 'application/json; charset=utf-8' }), 200],
  ['35 a tab and a parameter', text('{}', { 'content-type': 'application/json\t;a' }), 415, 'unsupported_media_type'],
  ['36 a timeout of 0', text('{}', { 'x-request-timeout-ms': '0' }), 400, 'bad_header'],
  ['36 a timeout of -1', text('{}', { 'x-request-timeout-ms': '-1' }), 400, 'bad_header'],
  ['36 a timeout of 1e9', text('{}', { 'x-request-timeout-ms': '1e9' }), 400, 'bad_header'],
  ['36 a timeout of abc', text('{}', { 'x-request-timeout-ms': 'abc' }), 400, 'bad_header'],
  ['36 a timeout of 5000', text('{}', { 'x-request-timeout-ms': '5000' }), 200],
]

describe('POST /recommend with bad input (5.1)', () => {
  let service: Service
  beforeAll(async () => { service = await openService() })
  afterAll(async () => { await service.close() })

  it.each(ROWS.map((row) => [row[0], row] as const))('row %s', async (_, row) => {
    const [, { body, url = SPORT, headers }, status, code] = row
    const response = await service.post(url, body, headers)
    const answer = response.json()
    expect([response.statusCode, answer.code]).toEqual([status, code])
    if (status === 200) return
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(answer).toMatchObject({ type: `urn:isthmus:error:${code}`, status, instance: response.headers['x-request-id'] })
  })

  it('row 10: the last of two equal keys counts', async () => {
    expect((await service.post(SPORT, '{"k":0,"k":5}')).json().items).toHaveLength(5)
  })

  it('row 21: 1e2 is the integer 100, and the whole domain comes back', async () => {
    expect((await service.post(SPORT, '{"k":1e2}')).json().items).toHaveLength(60)
  })

  it('row 25: an id excluded twice is excluded', async () => {
    const { items } = (await service.post(SPORT, { exclude: ['sport-0000', 'sport-0000'] })).json()
    expect(items).toHaveLength(10)
    expect(items[0].itemId).toBe('sport-0001')
  })

  it('row 26: excluding the whole catalogue leaves nothing', async () => {
    const exclude = service.tiny.items.map(({ itemId }) => itemId)
    const response = await service.post(SPORT, { exclude, history: [{ itemId: 'sport-0001' }] })
    expect([response.statusCode, response.json().items]).toEqual([200, []])
  })

  it('row 32: unknown items are dropped and counted', async () => {
    const history = ['-1', '2147483648', 'nothing'].map((itemId) => ({ itemId }))
    expect((await service.post(SPORT, { history })).json()).toMatchObject({
      basis: 'popular', historyUsed: 0, historyUnknown: 3, degraded: false,
    })
  })
})

describe('transport', () => {
  let service: Service
  beforeAll(async () => { service = await openService() })
  afterAll(async () => { await service.close() })

  it.each([
    ['an unknown path', { url: '/nothing' }, 404, 'not_found'],
    ['a double slash', { url: '//recommend' }, 404, 'not_found'],
    ['a URL that cannot be decoded', { url: '/items/%zz' }, 400, 'bad_url'],
    ['an id that is no id', { url: '/items/a%20b' }, 400, 'validation_failed'],
    ['GET on a POST route', { url: SPORT }, 405, 'method_not_allowed'],
    ['PUT on an item', { url: '/items/x', method: 'PUT' as const }, 405, 'method_not_allowed'],
    ['POST on a probe', { url: '/health/live', method: 'POST' as const }, 405, 'method_not_allowed'],
    ['a compressed body', { url: SPORT, method: 'POST' as const, headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported_encoding'],
    ['k=0 in a query', { url: '/items/sport-0001/similar?k=0' }, 400, 'validation_failed'],
    ['k=ten in a query', { url: '/items/sport-0001/similar?k=ten' }, 400, 'validation_failed'],
    ['an unknown query field', { url: '/items/sport-0001/similar?n=5' }, 400, 'validation_failed'],
    ['an unknown domain in a query', { url: '/items/sport-0001/similar?domain=toys' }, 400, 'unknown_domain'],
  ])('refuses %s', async (_, request, status, code) => {
    const response = await service.inject(request)
    expect([response.statusCode, response.json().code]).toEqual([status, code])
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  })

  it('says which methods a path takes', async () => {
    expect((await service.inject({ url: '/items/x', method: 'PUT' })).headers.allow).toBe('DELETE, GET')
    expect((await service.inject({ url: '/health/live', method: 'POST' })).headers.allow).toBe('GET, HEAD')
  })

  it('never repeats what was sent', async () => {
    const response = await service.post(SPORT, { userId: 'canary canary', canary: 1 })
    expect(response.statusCode).toBe(400)
    expect(response.body).not.toContain('canary')
  })
})
