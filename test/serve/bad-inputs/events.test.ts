import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { IsthmusError } from '../../../src/errors.ts'
import { NOW, openService, type Service } from '../service.ts'

const DAY = 86_400_000
type Row = readonly [row: string, body: unknown, status: number, code?: string]

const event = (more: object = {}): object => ({ userId: 'u1', itemId: 'sport-0001', timestamp: NOW, ...more })
const many = (count: number, more: (i: number) => object = () => ({})): object =>
  ({ events: Array.from({ length: count }, (_, i) => event({ itemId: `i${i}`, ...more(i) })) })

/** RELIABILITY.md 5.3, by number; what is tested elsewhere, or left out, is in not-here.ts. */
const ROWS: readonly Row[] = [
  ['1 an empty body', '', 400, 'empty_body'],
  ['2 half an object', '{"userId":', 400, 'malformed_json'],
  ['3 null', 'null', 400, 'validation_failed'],
  ['3 an array', '[]', 400, 'validation_failed'],
  ['3 a string', '"x"', 400, 'validation_failed'],
  ['4 NaN', '{"value":NaN}', 400, 'malformed_json'],
  ['5 a trailing comma', '{"userId":"u1","itemId":"i",}', 400, 'malformed_json'],
  ['6 a byte order mark', '\ufeff{"userId":"u1","itemId":"i"}', 202],
  ['7 the bytes ff fe', Buffer.from([0xff, 0xfe]), 400, 'malformed_json'],
  ['8 half a surrogate pair', '{"userId":"\\udfff","itemId":"i"}', 400, 'malformed_json'],
  ['9 NUL in an id', event({ itemId: 'a\0' }), 400, 'validation_failed'],
  ['10 a key twice: the last wins', '{"userId":"","userId":"u1","itemId":"i"}', 202],
  ['11 __proto__', '{"__proto__":{},"userId":"u1","itemId":"i"}', 400, 'malformed_json'],
  ['12 __proto__ with an escape', '{"\\u005f_proto__":{},"userId":"u1","itemId":"i"}', 400, 'malformed_json'],
  ['13 constructor.prototype', '{"constructor":{"prototype":{}}}', 400, 'malformed_json'],
  ['14 no eventId: one is made', event(), 202],
  ['14 an eventId that is no UUID', event({ eventId: 'e1' }), 400, 'validation_failed'],
  ['15 an unknown type', event({ type: 'stare' }), 400, 'validation_failed'],
  ['15 a type in upper case', event({ type: 'VIEW' }), 400, 'validation_failed'],
  ['15 null as type', event({ type: null }), 400, 'validation_failed'],
  ['17 userId blank', event({ userId: ' ' }), 400, 'validation_failed'],
  ['17 userId of 10,000', event({ userId: 'u'.repeat(10_000) }), 400, 'validation_failed'],
  ['18 timestamp as text', event({ timestamp: String(NOW) }), 400, 'validation_failed'],
  ['18 timestamp in ISO without a zone', event({ timestamp: '2025-10-09T08:53:20' }), 400, 'validation_failed'],
  ['18 timestamp 0', event({ timestamp: 0 }), 400, 'validation_failed'],
  ['18 timestamp -1', event({ timestamp: -1 }), 400, 'validation_failed'],
  ['18 timestamp NaN', '{"userId":"u1","itemId":"i","timestamp":NaN}', 400, 'malformed_json'],
  ['18 timestamp 1e18', event({ timestamp: 1e18 }), 400, 'validation_failed'],
  ['18 timestamp in seconds', event({ timestamp: NOW / 1000 }), 400, 'validation_failed'],
  ['18 timestamp with a fraction', event({ timestamp: NOW + 0.5 }), 400, 'validation_failed'],
  ['20 timestamp 2^53', event({ timestamp: 2 ** 53 }), 400, 'validation_failed'],
  ['21 a batch of none', { events: [] }, 400, 'validation_failed'],
  ['21 a batch that is no array', { events: {} }, 400, 'validation_failed'],
  ['21 a batch with another property', { events: [event()], more: 1 }, 400, 'validation_failed'],
  ['22 a batch of 1,000', many(1000), 202],
  ['22 a batch of 1,001', many(1001), 400, 'validation_failed'],
  ['26 a rating', event({ type: 'rate', value: 4.5 }), 202],
  ['26 a rating of 6', event({ type: 'rate', value: 6 }), 400, 'validation_failed'],
  ['26 a rating of -1', event({ type: 'rate', value: -1 }), 400, 'validation_failed'],
  ['26 a rating as text', event({ type: 'rate', value: '5' }), 400, 'validation_failed'],
  ['26 a rating of 1e400', '{"userId":"u1","itemId":"i","type":"rate","value":1e400}', 400, 'validation_failed'],
  ['26 a rating of null', event({ type: 'rate', value: null }), 400, 'validation_failed'],
  ['27 a weight', event({ weight: 100 }), 400, 'validation_failed'],
  ['28 a context', event({ context: {} }), 400, 'validation_failed'],
  ['28 a context 33 deep', `{"userId":"u1","itemId":"i","context":${'['.repeat(33)}${']'.repeat(33)}}`, 400, 'json_too_deep'],
  ['29 lines that say they are JSON', '{"userId":"u1","itemId":"i"}\n{"userId":"u1","itemId":"i"}', 400, 'malformed_json'],
  ['23 a batch of bad events alone', many(3, () => ({ type: 'stare' })), 400, 'validation_failed'],
]

describe('POST /events with bad input (5.3)', () => {
  let service: Service
  let time = NOW
  beforeAll(async () => { service = await openService({ now: () => time }) })
  afterEach(() => {
    time = NOW
    service.store.failWith(undefined)
  })
  afterAll(async () => { await service.close() })

  it.each(ROWS)('row %s', async (_, body, status, code) => {
    const response = await service.post('/events', body)
    expect([response.statusCode, response.json().code]).toEqual([status, code])
    if (code === undefined) return
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  })

  it('row 14: the same event again is a duplicate, another one under its id a conflict', async () => {
    const eventId = randomUUID()
    const first = await service.post('/events', event({ eventId, userId: 'u14' }))
    expect(first.json()).toEqual({ accepted: 1, duplicates: 0, unknownItems: 0, rejected: [] })
    const again = await service.post('/events', event({ eventId: eventId.toUpperCase(), userId: 'u14' }))
    expect([again.statusCode, again.json()]).toMatchObject([202, { accepted: 0, duplicates: 1, rejected: [] }])
    const other = await service.post('/events', {
      events: [event({ userId: 'u14' }), event({ eventId, userId: 'u14', itemId: 'sport-0002' })],
    })
    expect([other.statusCode, other.json()]).toMatchObject([202, { accepted: 1, rejected: [{ index: 1, code: 'conflict' }] }])
    expect((await service.get('/users/u14')).json().history).toHaveLength(2)
  })

  it('row 16: an item that no model knows is accepted and counted', async () => {
    const response = await service.post('/events', event({ itemId: 'not-yet' }))
    expect([response.statusCode, response.json()]).toMatchObject([202, { accepted: 1, unknownItems: 1 }])
  })

  it('row 19: what lies ahead, and what lies too far back, is rejected by name', async () => {
    const response = await service.post('/events', {
      events: [
        event(), event({ timestamp: NOW + DAY }), event({ timestamp: NOW - 3650 * DAY }),
        event({ timestamp: NOW + 4 * 60_000 }), event({ timestamp: NOW - 6 * DAY }),
      ],
    })
    expect([response.statusCode, response.json()]).toMatchObject([202, {
      accepted: 3, rejected: [{ index: 1, code: 'future' }, { index: 2, code: 'too_old' }],
    }])
    const alone = await service.post('/events', event({ timestamp: NOW + DAY }))
    expect([alone.statusCode, alone.json().errors]).toEqual([400, [{ pointer: '', rule: 'future' }]])
  })

  it('row 23: one bad event of a hundred is named, and the others are stored', async () => {
    const response = await service.post('/events', many(100, (i) => ({ userId: 'u23', ...(i === 7 ? { value: 9 } : {}) })))
    expect([response.statusCode, response.json()]).toMatchObject([202, {
      accepted: 99, rejected: [{ index: 7, code: 'validation_failed' }],
    }])
    expect((await service.get('/users/u23')).json().history).toHaveLength(99)
  })

  it('row 23: a batch of which nothing was taken says why, event by event', async () => {
    const response = await service.post('/events', { events: [5, event({ timestamp: NOW + DAY })] })
    expect([response.statusCode, response.json().errors]).toEqual([400, [
      { pointer: '/events/0', rule: 'validation_failed' }, { pointer: '/events/1', rule: 'future' },
    ]])
  })

  it('row 24: an event twice in one batch is one event', async () => {
    const twice = event({ eventId: randomUUID(), userId: 'u24' })
    const response = await service.post('/events', { events: [twice, twice] })
    expect(response.json()).toMatchObject({ accepted: 1, duplicates: 1 })
    expect((await service.get('/users/u24')).json().history).toHaveLength(1)
  })

  it.each(['store_full', 'store_timeout', 'store_overloaded'] as const)(
    'rows 30 and 31: a store that cannot take it is a 503 (%s), and sending again makes no second event', async (code) => {
      const sent = event({ eventId: randomUUID(), userId: `u-${code}` })
      service.store.failWith(new IsthmusError(code, 'broken on purpose'))
      const failed = await service.post('/events', sent)
      expect([failed.statusCode, failed.json().code, failed.headers['retry-after']]).toEqual([503, code, '1'])
      expect((await service.post('/recommend?domain=sport', {})).statusCode).toBe(200)
      service.store.failWith(undefined)
      await service.post('/events', sent)
      expect((await service.post('/events', sent)).json()).toMatchObject({ accepted: 0, duplicates: 1 })
      expect((await service.get(`/users/u-${code}`)).json().history).toHaveLength(1)
    })

  it('row 34: of 500 batches at once those beyond the cap are refused, and all acknowledged ones are stored', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, async (_, i) =>
      await service.post('/events', many(3, () => ({ userId: `u34-${i}` })))))
    const acknowledged = answers.flatMap(({ statusCode }, i) => statusCode === 202 ? [i] : [])
    expect(answers.filter(({ statusCode }) => statusCode === 503)).toHaveLength(500 - acknowledged.length)
    expect(acknowledged.length).toBeGreaterThanOrEqual(256)
    expect(acknowledged.length).toBeLessThan(500)
    for (const i of acknowledged) expect((await service.store.history(`u34-${i}`, 10)).entries).toHaveLength(3)
  })

  it('row 36: a clock that went back an hour loses nothing', async () => {
    await service.post('/events', event({ userId: 'u36', itemId: 'sport-0001' }))
    time = NOW - DAY / 24
    const response = await service.post('/events', { userId: 'u36', itemId: 'sport-0002' })
    expect(response.statusCode).toBe(202)
    expect((await service.get('/users/u36')).json().history.map(({ itemId }: { itemId: string }) => itemId))
      .toEqual(['sport-0002', 'sport-0001'])
  })

  it('row 25: caps what one user may say of one item on one day', async () => {
    const sent = { events: Array.from({ length: 150 }, () => event({ userId: 'u25' })) }
    const response = await service.post('/events', sent)
    expect(response.json().accepted).toBe(100)
    expect(response.json().rejected[0]).toEqual({ index: 100, code: 'stuffing' })
    expect((await service.post('/events', event({ userId: 'u25', itemId: 'sport-0002' }))).statusCode).toBe(202)
  })

  it('keeps to that cap over calls that come at once', async () => {
    const sent = { events: Array.from({ length: 80 }, () => event({ userId: 'u25b' })) }
    const answers = await Promise.all([service.post('/events', sent), service.post('/events', sent)])
    expect(answers.map((answer) => answer.json().accepted)).toEqual([80, 20])
  })

  it('takes a call that is sent again for the same, cap or no cap', async () => {
    const sent = { events: Array.from({ length: 100 }, () => event({ eventId: randomUUID(), userId: 'u25c' })) }
    await service.post('/events', sent)
    expect((await service.post('/events', sent)).json()).toMatchObject({ accepted: 0, duplicates: 100, rejected: [] })
  })

  it('takes an event without a time, sent again later, for the same', async () => {
    const sent = { eventId: randomUUID(), userId: 'u31', itemId: 'sport-0001' }
    await service.post('/events', sent)
    time = NOW + 1000
    expect((await service.post('/events', sent)).json()).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  it('row 38: one who sends too much is told to wait', async () => {
    const limited = await openService({ limits: { requestsPerMinute: 5 } })
    try {
      const statuses: number[] = []
      for (let batch = 0; batch < 10; batch++) {
        statuses.push((await limited.post('/events', many(1000, (i) => ({ userId: 'bot', itemId: `i${batch}-${i}` })))).statusCode)
      }
      expect(statuses).toEqual([...Array(5).fill(202), ...Array(5).fill(429)])
    } finally {
      await limited.close()
    }
  })

  it('row 37: opens a fresh history with an event of an erased user', async () => {
    await service.post('/events', event({ userId: 'u37' }))
    expect((await service.delete('/users/u37')).statusCode).toBe(204)
    expect((await service.get('/users/u37')).statusCode).toBe(404)
    expect((await service.post('/events', event({ userId: 'u37', itemId: 'sport-0002' }))).statusCode).toBe(202)
    const { history } = (await service.get('/users/u37')).json() as { history: Array<{ itemId: string }> }
    expect(history.map(({ itemId }) => itemId)).toEqual(['sport-0002'])
  })
})
