import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { openaiEmbedder } from '../../src/llm/openai-embedder.ts'
import { createServer } from '../../src/serve/create-server.ts'
import { type EmbedderGuard, guardEmbedder } from '../../src/serve/guard-embedder.ts'
import { type Answer, type FakeOpenai, fakeOpenai, json, raw } from '../llm/fake-openai.ts'
import { openService, type Service } from './service.ts'

const WIDTH = 384
const rows = (values: unknown): Answer => json(200, { object: 'list', model: 'm', data: [{ index: 0, embedding: values }] })
const numbers = (width: number): number[] => Array.from({ length: width }, (_, i) => i + 1)
const html = raw(200, '<html>canary</html>', { 'content-type': 'text/html' })
const hang: Answer = () => {}
const reset: Answer = (response) => { response.socket?.resetAndDestroy() }
const drip: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 10)
  response.on('close', () => clearInterval(timer))
}
/** 200 MB, unless the reader has had enough. */
const flood = (sent: { bytes: number }): Answer => (response: ServerResponse) => {
  const part = Buffer.alloc(1 << 20, 0x20)
  response.writeHead(200, { 'content-type': 'application/json' })
  const more = (): void => {
    while (sent.bytes < 200 << 20 && !response.destroyed) {
      sent.bytes += part.length
      if (!response.write(part)) return
    }
    response.end()
  }
  response.on('drain', more)
  more()
}

describe('an endpoint of embeddings', () => {
  let endpoint: FakeOpenai
  let service: Service
  let embedder: TextEmbedder
  let log: string[]
  let asked = 0
  beforeEach(async () => {
    endpoint = await fakeOpenai(WIDTH)
    log = []
    embedder = openaiEmbedder({
      model: 'm', width: WIDTH, baseUrl: endpoint.baseUrl, apiKey: 'canary-key', retries: 0, timeoutMs: 10_000,
    })
  })
  afterEach(async () => {
    await service.close()
    await endpoint.close()
  })
  const open = async (guard: Partial<EmbedderGuard> = {}, embedWithinMs = 10_000): Promise<void> => {
    const server = createServer({ level: 'trace', stream: { write: (line) => { log.push(line) } } })
    service = await openService({
      server,
      embedder: guardEmbedder(embedder, { tokensPerDay: 0, ...guard }),
      limits: { requestTimeoutMs: 5000, embedWithinMs },
    })
  }
  const post = async (title = 'climbing rope'): Promise<[number, string | undefined]> => {
    const response = await service.post('/items', { itemId: `new-${asked++}`, domain: 'sport', title })
    const { state, code } = response.json<{ state?: string, code?: string }>()
    return [response.statusCode, state ?? code]
  }

  const sent = { bytes: 0 }
  const cases: ReadonlyArray<[name: string, answer: Answer, withinMs?: number]> = [
    ['knows no such key', json(401, { error: { message: 'canary-key is unknown' } })],
    ['has had enough', json(429, { error: { message: 'canary' } }, { 'retry-after': '3600' })],
    ['breaks', raw(500, 'canary', {})],
    ['does not answer', hang, 200],
    ['answers a byte at a time', drip, 200],
    ['answers with 383 numbers', rows(numbers(383))],
    ['answers with what is no number', rows([...numbers(383), null])],
    ['answers with a number too large for a float', rows([...numbers(383), 1e39])],
    ['answers with NaN', raw(200, '{"data":[{"index":0,"embedding":[NaN]}]}', { 'content-type': 'application/json' })],
    ['answers with an empty list', json(200, { object: 'list', data: [], model: 'm' })],
    ['answers with a string', json(200, 'canary')],
    ['answers with zeros', rows(Array(WIDTH).fill(0))],
    ['answers with a page', html],
    ['answers with half of its JSON', raw(200, '{"data":[{"index":0,', { 'content-type': 'application/json' })],
    ['answers with 200 MB', flood(sent)],
    ['cuts the line', reset],
  ]

  it('P38: row 37: harms nobody that misbehaves: items wait, and all else goes on', async () => {
    for (const [i, [name, answer, withinMs]] of cases.entries()) {
      // One each: what failed before must not open the breaker on the next.
      await open({}, withinMs)
      endpoint.answers.push(answer)
      expect([name, ...await post()]).toEqual([name, 201, 'pending'])
      expect((await service.get('/health/live')).statusCode).toBe(200)
      expect((await service.get('/health/ready')).statusCode).toBe(200)
      const answered = await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }], k: 100 })
      expect([answered.statusCode, answered.json().degraded, answered.body.includes('new-')]).toEqual([200, false, false])
      if (i < cases.length - 1) await service.close()
    }
    // Read no further than an answer can be long.
    expect(sent.bytes).toBeLessThan(64 << 20)
  }, 120_000)

  it('P36: row 37: is quoted neither to callers nor in the log', async () => {
    await open()
    endpoint.answers.push(json(401, { error: { message: 'canary-key is unknown', code: 'canary' } }), html, raw(500, 'canary', {}))
    for (let i = 0; i < 3; i++) expect(await post()).toEqual([201, 'pending'])
    expect(log.join('')).toContain('could not be embedded')
    expect(log.join('')).not.toContain('canary')
  })

  it('P38: row 37: is not followed to where it sends callers', async () => {
    let hits = 0
    const tripwire = createHttpServer((_request, response) => {
      hits++
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => tripwire.once('listening', resolve))
    try {
      await open()
      const location = `http://127.0.0.1:${(tripwire.address() as AddressInfo).port}/`
      for (const status of [301, 302, 307, 308]) endpoint.answers.push(raw(status, '', { location }))
      for (let i = 0; i < 4; i++) expect(await post()).toEqual([201, 'pending'])
      expect(hits).toBe(0)
    } finally {
      tripwire.close()
    }
  })

  it('P38: is left alone after five failures, but for a probe a second', async () => {
    let time = 0
    await open({ elapsed: () => time })
    endpoint.answers.push(...Array<Answer>(6).fill(raw(500, '', {})))
    for (let i = 0; i < 10; i++) expect(await post()).toEqual([201, 'pending'])
    expect(endpoint.asked).toHaveLength(5)
    time += 1001
    expect(await post()).toEqual([201, 'pending'])
    expect(await post()).toEqual([201, 'pending'])
    expect(endpoint.asked).toHaveLength(6)
    time += 1001
    expect(await post()).toEqual([201, 'ready'])
    expect(await post()).toEqual([201, 'ready'])
    expect(endpoint.asked).toHaveLength(8)
  })

  it('P38: row 38: is sent no more than a day may cost, and callers are told when to come again', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 23) })
    try {
      let tokens = 0
      await open({ tokensPerDay: 10, onTokens: (some) => { tokens += some } })
      expect(await post('climbing rope')).toEqual([201, 'ready'])
      expect(await post('climbing rope')).toEqual([201, 'ready'])
      const refused = await service.post('/items', { itemId: 'late', domain: 'sport', title: 'climbing rope' })
      expect([refused.statusCode, refused.json().code, refused.headers['retry-after']])
        .toEqual([429, 'embedding_budget_exhausted', '3600'])
      expect((await service.get('/items/late')).statusCode).toBe(404)
      const lines = await service.post('/items', '{"itemId":"late","domain":"sport","title":"climbing rope"}\n', {
        'content-type': 'application/x-ndjson',
      })
      expect(lines.json()).toEqual({ accepted: 0, rejected: [{ line: 1, code: 'embedding_budget_exhausted' }] })
      const given = { itemId: 'given', domain: 'sport', embedding: numbers(WIDTH), embeddingModel: 'hash/384' }
      expect((await service.post('/items', given)).statusCode).toBe(201)
      expect([tokens, endpoint.asked.length]).toEqual([8, 2])
      vi.setSystemTime(Date.UTC(2026, 0, 2))
      expect(await post('climbing rope')).toEqual([201, 'ready'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('P16: that gives numbers which are none puts nothing into an index', async () => {
    for (const bad of [NaN, Infinity, 1e39]) {
      const broken = {
        async embed (texts: readonly string[]) { return new Float32Array(texts.length * WIDTH).fill(bad) },
      }
      service = await openService({ embedder: broken })
      expect(await post()).toEqual([201, 'pending'])
      const answer = await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }], k: 100 })
      expect(answer.json().items).toHaveLength(59)
      expect(answer.json().items.every(({ score }: { score: number }) => Number.isFinite(score))).toBe(true)
      if (bad !== 1e39) await service.close()
    }
  })
})
