import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiKey, findKey, newKey, parseKeys, SCOPES } from '../../src/config/api-keys.ts'
import type { Route } from '../../src/serve/route-table.ts'
import { figure } from '../support/figures.ts'
import { openService, type Service } from './service.ts'

const made = [
  ...SCOPES.map((scope) => ({ name: scope, ...newKey(scope, scope) })), { name: 'gone', ...newKey('gone', 'revoked') },
]
const keys: ApiKey[] = made.flatMap(({ entry }) => parseKeys(entry, 'API_KEYS'))
const bearer = (name: string): Record<string, string> =>
  ({ authorization: `Bearer ${made.find((one) => one.name === name)?.key ?? name}` })

/** Every route of the service and who may use it: a new one fails here until somebody has decided. */
const ROUTES = [
  'DELETE /items/:itemId write', 'DELETE /users/:userId write', 'GET / open', 'GET /chart read', 'GET /docs/ open',
  'GET /docs/json open', 'GET /docs/static/* open', 'GET /docs/static/index.html open',
  'GET /docs/static/swagger-initializer.js open', 'GET /docs/yaml open', 'GET /health open', 'GET /health/live open',
  'GET /health/ready open', 'GET /icon.svg open', 'GET /items read', 'GET /items/:itemId read', 'GET /items/:itemId/similar read', 'GET /metrics metrics',
  'GET /models admin', 'GET /openapi.json open', 'GET /page.css open', ...['added', 'answers', 'api', 'chart', 'dom', 'main', 'search', 'session', 'why'].map((name) => `GET /page/${name}.js open`),
  'GET /playground read', 'GET /users/:userId read', 'HEAD /docs/static/* open', 'HEAD /health open',
  'HEAD /health/live open', 'HEAD /health/ready open', 'POST /chart read', 'POST /events write', 'POST /items write', 'POST /models/activate admin', 'POST /models/rollback admin', 'POST /recommend read',
  'POST /recommend/batch read',
]

describe('with keys, the service', () => {
  let service: Service
  beforeAll(async () => { service = await openService({ keys }) })
  afterAll(async () => { await service.close() })

  // Each call from an address of its own: many wrong keys from one would be told to wait.
  let calls = 0
  const from = (): string => `192.0.2.${calls++ % 256}`
  const call = async ({ method, url }: Pick<Route, 'method' | 'url'>, headers = {}): Promise<LightMyRequestResponse> =>
    await service.inject({
      method: method as 'GET', url: url.replace(/:\w+/, 'nothing').replace('*', 'nothing'), headers, remoteAddress: from(),
    })
  const codeOf = (response: LightMyRequestResponse): string | undefined =>
    String(response.headers['content-type']).includes('problem') ? response.json<{ code: string }>().code : undefined

  it('P18: has a scope for every route', () => {
    expect(service.server.routeTable.all().map(({ method, url, scope }) => `${method} ${url} ${scope}`).sort()).toEqual(ROUTES)
  })

  it('P18: lets each key do what its scope says on every route, and nobody else', async () => {
    const found: string[] = []
    const wanted: string[] = []
    for (const route of service.server.routeTable.all()) {
      const { scope, method, url } = route
      for (const [who, headers] of [
        ['nobody', {}], ['a revoked key', bearer('gone')], ['a wrong key', bearer('isk_wrong')], ['an empty key', { 'x-api-key': '' }],
        ...SCOPES.map((name) => [name, bearer(name)] as const),
      ] as const) {
        const known = SCOPES.find((name) => name === who)
        const may = scope === 'open' || known === scope || known === 'admin'
        wanted.push(`${method} ${url} by ${who}: ${may ? 'in' : known === undefined ? '401' : '403'}`)
        const { statusCode } = await call(route, headers)
        found.push(`${method} ${url} by ${who}: ${[401, 403].includes(statusCode) ? statusCode : 'in'}`)
      }
    }
    expect(found).toEqual(wanted)
  })

  it('P18: looks as long at a wrong key as at one that begins like the right one', ({ task }) => {
    const right = made.find(({ name }) => name === 'read')!.key
    const times = { near: [] as number[], far: [] as number[] }
    for (let i = 0; i < 20_000; i++) {
      const kind = i % 2 === 0 ? 'near' : 'far'
      const shown = kind === 'near' ? `${right.slice(0, -1)}!` : `!${right.slice(1)}`
      const from = process.hrtime.bigint()
      expect(findKey(keys, shown) === undefined).toBe(true)
      times[kind].push(Number(process.hrtime.bigint() - from))
    }
    const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
    figure({ task }, `median ${median(times.near)} ns for a key that begins like the right one, ${median(times.far)} ns for another`)
  })

  it('says the same of every wrong key, before it has read a body, and how to show one', async () => {
    const post = { method: 'POST', url: '/events', payload: 'not even JSON', headers: { 'content-type': 'text/plain' } } as const
    const all = [{}, bearer('gone'), bearer('isk_wrong'), { authorization: 'Basic YTpi' }, { 'x-api-key': 'k'.repeat(5000) }, { 'x-api-key': 'schlüssel' }]
    const answers = await Promise.all(all.map(async (headers) =>
      await service.inject({ ...post, remoteAddress: from(), headers: { ...post.headers, ...headers, 'x-request-id': 'same-request' } })))
    for (const { statusCode, headers, body } of answers) {
      expect([statusCode, headers['www-authenticate'], body]).toEqual([401, 'Bearer', answers[0]!.body])
    }
    expect(codeOf(answers[0]!)).toBe('unauthorized')
    expect((await service.get('/metrics', bearer('metrics'))).body)
      .toMatch(/^isthmus_refused_total\{reason="unauthorized"\} \d+$/m)
  })

  it('takes a key in either header, and in none of the URL', async () => {
    const key = made.find(({ name }) => name === 'read')!.key
    const query = { method: 'POST', url: '/recommend?domain=sport', payload: {} } as const
    expect((await service.inject({ ...query, headers: { 'x-api-key': key } })).statusCode).toBe(200)
    expect((await service.inject({ ...query, headers: { authorization: `bearer ${key}` } })).statusCode).toBe(200)
    expect((await service.inject({ ...query, url: `${query.url}&key=${key}` })).statusCode).toBe(401)
  })

  it('answers for paths and methods that are not there without a key', async () => {
    expect(codeOf(await call({ method: 'GET', url: '/nothing' }))).toBe('not_found')
    expect(codeOf(await call({ method: 'PUT', url: '/items' }))).toBe('method_not_allowed')
  })
})

describe('without keys, the service', () => {
  it('is open on loopback, and beyond it closed where it is for operators', async () => {
    for (const onLoopback of [true, false]) {
      const service = await openService({ onLoopback })
      try {
        expect((await service.post('/recommend?domain=sport', {})).statusCode).toBe(200)
        expect((await service.get('/metrics')).statusCode).toBe(onLoopback ? 200 : 403)
      } finally {
        await service.close()
      }
    }
  })
})
