import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { NOW, openService, type Service } from './service.ts'

const LINES = { 'content-type': 'application/x-ndjson' }
const event = (more: object = {}): string => JSON.stringify({ userId: 'u1', itemId: 'sport-0001', timestamp: NOW, ...more })

describe('POST /events with lines', () => {
  let service: Service
  beforeAll(async () => { service = await openService() })
  afterAll(async () => { await service.close() })

  it('takes good lines, names bad ones, and skips empty ones', async () => {
    const eventId = '3f0c1d1e-6a2b-4c63-9a55-0e3a6f3c9b11'
    const response = await service.post('/events', [
      event({ userId: 'l1', eventId }), '', '{"userId":', event({ type: 'stare' }), event({ timestamp: NOW + 86_400_000 }),
      event({ userId: 'l1', eventId }), event({ userId: 'l1', eventId, itemId: 'cloth-0001' }), '['.repeat(40),
      event({ userId: 'x'.repeat(70_000) }), event({ userId: 'l1', itemId: 'not-yet' }) + '\r',
    ].join('\n'), LINES)
    expect([response.statusCode, response.json()]).toEqual([200, {
      accepted: 2,
      duplicates: 1,
      unknownItems: 1,
      rejected: [
        { line: 3, code: 'malformed_json' }, { line: 4, code: 'validation_failed' }, { line: 5, code: 'future' },
        { line: 7, code: 'conflict' }, { line: 8, code: 'json_too_deep' }, { line: 9, code: 'body_too_large' },
      ],
    }])
    expect((await service.get('/users/l1')).json().history.map(({ itemId }: { itemId: string }) => itemId))
      .toEqual(['sport-0001', 'not-yet'])
  })

  it('takes more than one commit holds, in order, and lists a thousand bad lines at most', async () => {
    const good = Array.from({ length: 600 }, (_, i) => event({ userId: 'l2', itemId: `i${i}` }))
    const bad = new Array<string>(1100).fill('{}')
    const answer = (await service.post('/events', [...bad, ...good].join('\n'), LINES)).json()
    expect([answer.accepted, answer.rejected.length, answer.rejected[999]]).toEqual([600, 1000, { line: 1000, code: 'validation_failed' }])
    expect((await service.get('/users/l2')).json().history[599].itemId).toBe('i599')
  })

  it('stops where the store cannot go on, and says so', async () => {
    service.store.failWith(new IsthmusError('store_full', 'broken on purpose'))
    const response = await service.post('/events', event({ userId: 'l3' }), LINES)
    service.store.failWith(undefined)
    expect([response.statusCode, response.json().code]).toEqual([503, 'store_full'])
  })

  it('takes lines for lines alone: as JSON they are none', async () => {
    const response = await service.post('/events', `${event()}\n${event()}`)
    expect([response.statusCode, response.json().code]).toEqual([400, 'malformed_json'])
  })
})
