import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey, parseKeys } from '../../../src/config/api-keys.ts'
import { createMetrics } from '../../../src/serve/metrics.ts'
import { openService, type Service } from '../service.ts'
import { openModelsService } from '../models/service.ts'

const SPORT = '/recommend?domain=sport'
/** The text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+|[+-]Inf)$/

interface Sample { readonly name: string, readonly labels: string, readonly value: number }

/** Every line has to be one that Prometheus reads. */
function parse (text: string): Sample[] {
  return text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) /.test(line)).map((line) => {
    const [, name, , labels = '', value] = SAMPLE.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not the text format: ${line}`)
    return { name, labels, value: value === '+Inf' ? Infinity : Number(value) }
  })
}

/** RELIABILITY.md 5.5, by number; what is tested elsewhere, or left out, is in not-here.ts. */
describe('GET /metrics, asked badly (5.5)', () => {
  const { key, entry } = newKey('canary-key', 'metrics')
  let service: Service
  let keyed: Service
  beforeAll(async () => {
    service = await openService()
    keyed = await openService({ keys: parseKeys(entry, 'API_KEYS') })
    await service.post(SPORT, { history: [{ itemId: 'sport-0001' }] })
  })
  afterAll(async () => {
    await service.close()
    await keyed.close()
  })
  const scrape = async (): Promise<Sample[]> => parse((await service.get('/metrics')).body)

  it('row 1: is not there where it has a port of its own', async () => {
    const apart = await openService({ withMetrics: false })
    expect((await apart.get('/metrics')).statusCode).toBe(404)
    await apart.close()
  })

  it.each([
    ['row 2: no key', {}, 401], ['row 25: an address by hearsay', { 'x-forwarded-for': '127.0.0.1' }, 401],
    ['row 2: the key', { 'x-api-key': key }, 200],
  ])('%s', async (_, headers, status) => {
    expect((await keyed.get('/metrics', headers)).statusCode).toBe(status)
  })

  it.each(['POST', 'PUT', 'DELETE', 'HEAD'] as const)('rows 3 and 23: takes no %s', async (method) => {
    const response = await service.inject({ method, url: '/metrics' })
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET'])
  })

  it.each([
    ['row 4: whatever is accepted: OpenMetrics', { headers: { accept: 'application/openmetrics-text; version=1.0.0' } }, ''],
    ['row 4: whatever is accepted: junk', { headers: { accept: 'a/b, \u00e9' } }, ''],
    ['row 5: a query', {}, '?name[]=x'],
    ['row 6: a wish for gzip', { headers: { 'accept-encoding': 'gzip' } }, ''],
    ['row 22: a body', { payload: '{', headers: { 'content-type': 'application/json' } }, ''],
  ])('%s: gives the same text, and names its type', async (_, request, query) => {
    const response = await service.inject({ method: 'GET', url: `/metrics${query}`, ...request })
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(parse(response.body).length).toBeGreaterThan(50)
  })

  it('row 7: a hundred scrapes at once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, async () => await service.get('/metrics')))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(100).fill(200))
  })

  it('rows 10 and 11: paths and methods that nobody knows are one series each', async () => {
    for (let i = 0; i < 100; i++) await service.get(`/path-${i}`)
    for (const method of ['PROPFIND', 'MKCOL', 'LOCK']) await service.inject({ method: method as 'GET', url: '/items' })
    const unknown = (await scrape()).filter(({ name, labels }) =>
      name === 'http_requests_total' && /method="(GET|other)".*unmatched/.test(labels))
    expect(unknown.map(({ labels }) => labels).sort()).toEqual([
      'method="GET",route="unmatched",status="404"', 'method="other",route="unmatched",status="405"',
    ])
  })

  it('row 12: escapes what a label may not hold', async () => {
    const { registry, degraded } = createMetrics()
    degraded.inc({ reason: 'a"b\\c\nd' })
    expect(parse(await registry.metrics())).toContainEqual({
      name: 'isthmus_degraded_total', labels: 'reason="a\\"b\\\\c\\nd"', value: 1,
    })
  })

  it('rows 13, 14 and 15: has no NaN, no counter that falls, and whole histograms', async () => {
    const before = await scrape()
    await service.post(SPORT, { history: [{ itemId: 'sport-0002' }] })
    await service.post('/events', { userId: 'u', itemId: 'nothing' })
    const after = await scrape()
    expect(after.filter(({ value }) => Number.isNaN(value))).toEqual([])
    const valueOf = new Map(after.map(({ name, labels, value }) => [`${name}{${labels}}`, value]))
    for (const { name, labels, value } of before) {
      if (/_(total|count|bucket)$/.test(name)) expect(valueOf.get(`${name}{${labels}}`)).toBeGreaterThanOrEqual(value)
    }
    const ends = after.filter(({ name, labels }) => name.endsWith('_bucket') && labels.includes('le="+Inf"'))
    expect(ends.length).toBeGreaterThan(3)
    for (const { name, labels, value } of ends) {
      const rest = labels.split(',').filter((label) => !label.startsWith('le=')).join(',')
      expect(valueOf.get(`${name.replace(/bucket$/, 'count')}{${rest}}`)).toBe(value)
    }
  })

  it('rows 16, 17 and 27: names no key and no path of a file, and stays small', async () => {
    await keyed.post(SPORT, {}, { 'x-api-key': key })
    const { body } = await keyed.get('/metrics', { 'x-api-key': key })
    expect(body).not.toMatch(/canary|isk_|\/tmp|\.ts|node_modules/)
    expect(Buffer.byteLength(body)).toBeLessThan(256 * 1024)
  })

  it('row 18: forgets the model that was', async () => {
    const models = await openModelsService()
    try {
      const info = async () => parse((await models.get('/metrics')).body)
        .filter(({ name }) => name === 'isthmus_model_info').map(({ labels }) => /version="([^"]+)"/.exec(labels)?.[1])
      expect(await info()).toEqual([models.versions[0]!.manifest.version])
      const { version } = models.versions[1]!.manifest
      expect((await models.post('/models/activate', { version })).statusCode).toBe(200)
      expect(await info()).toEqual([version])
    } finally {
      await models.close()
    }
  })

  it.each(['/metrics/', '/metrics%00', '/METRICS'])('row 24: %s is not there', async (url) => {
    expect((await service.get(url)).statusCode).toBe(404)
  })
})
