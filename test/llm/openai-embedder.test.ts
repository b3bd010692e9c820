import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openaiEmbedder, openaiOptions } from '../../src/llm/openai-embedder.ts'
import type { OpenaiOptions } from '../../src/llm/openai-embedder.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'
import { embedderContract } from './embedder.contract.ts'
import { fakeOpenai, json, raw } from './fake-openai.ts'
import type { Answer, FakeOpenai } from './fake-openai.ts'

const WIDTH = 4
const KEY = 'sk-canary-0123456789'
let server: FakeOpenai
let waits: number[] = []
beforeAll(async () => { server = await fakeOpenai(WIDTH) })
afterAll(async () => await server.close())
afterEach(() => {
  server.asked.length = 0
  server.answers.length = 0
  waits = []
})

const open = (options: Partial<OpenaiOptions> = {}): ReturnType<typeof openaiEmbedder> => openaiEmbedder({
  model: 'ours', width: WIDTH, baseUrl: server.baseUrl, apiKey: KEY, sleep: async (ms) => { waits.push(ms) }, ...options,
})
const rowsOf = async (texts: readonly string[]): Promise<Float32Array> =>
  await hashEmbedder({ width: WIDTH }).embed(texts)

// On a server of its own: requests that its callers leave may arrive late.
const contractServer = await fakeOpenai(64)
afterAll(async () => await contractServer.close())
embedderContract('openaiEmbedder', async () => open({ width: 64, baseUrl: contractServer.baseUrl }))

describe('openaiEmbedder', () => {
  it('asks the endpoint with model, texts and key, and reads nothing else from the environment', async () => {
    vi.stubEnv('OPENAI_ORG_ID', 'org-canary')
    vi.stubEnv('OPENAI_PROJECT_ID', 'project-canary')
    const embedder = open()
    expect(await embedder.embed(['a', 'b'])).toEqual(await rowsOf(['a', 'b']))
    vi.unstubAllEnvs()
    expect([embedder.id, embedder.width]).toEqual(['openai/ours/4', WIDTH])
    expect(server.asked.map(({ url, body }) => [url, body])).toEqual([
      ['/v1/embeddings', { model: 'ours', input: ['a', 'b'], encoding_format: 'float' }],
    ])
    expect(server.asked[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(JSON.stringify(server.asked[0]!.headers)).not.toContain('canary"')
  })

  it('names the width to a model that has several', async () => {
    await open({ sendDimensions: true }).embed(['a'])
    expect(server.asked[0]!.body.dimensions).toBe(WIDTH)
  })

  it('sends at most 256 texts and 280,000 bytes a request, one request after the other', async () => {
    const short = Array.from({ length: 600 }, (_, i) => `text ${i}`)
    const counts: number[] = []
    expect(await open().embed(short, { onProgress: (done) => counts.push(done) })).toEqual(await rowsOf(short))
    expect(server.asked.map(({ body }) => body.input.length)).toEqual([256, 256, 88])
    expect(counts).toEqual([256, 512, 600])
    server.asked.length = 0
    // Bytes, not characters: each of these is two.
    await open().embed(Array.from({ length: 71 }, () => 'é'.repeat(2_000)))
    expect(server.asked.map(({ body }) => body.input.length)).toEqual([70, 1])
  })

  it('puts shuffled rows where their index says', async () => {
    const [a, b, c] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    server.answers.push(json(200, {
      data: [{ index: 2, embedding: c }, { index: 0, embedding: a }, { index: 1, embedding: b }],
    }))
    expect([...await open().embed(['a', 'b', 'c'])]).toEqual([...a!, ...b!, ...c!])
  })

  it.each([408, 409, 429, 500, 502, 503, 529])('tries again after status %i', async (status) => {
    server.answers.push(json(status, {}), json(status, {}))
    expect(await open().embed(['a'])).toEqual(await rowsOf(['a']))
    expect(server.asked).toHaveLength(3)
    expect(waits[0]).toBeGreaterThanOrEqual(250)
    expect(waits[0]).toBeLessThanOrEqual(500)
    expect(waits[1]).toBeGreaterThanOrEqual(500)
    expect(waits[1]).toBeLessThanOrEqual(1_000)
  })

  it('waits as long as the endpoint asks', async () => {
    server.answers.push(
      json(429, {}, { 'retry-after': '7' }), json(429, {}, { 'retry-after-ms': '1500' }), json(503, {}, { 'retry-after': '0' })
    )
    await open().embed(['a'])
    expect(waits).toEqual([7_000, 1_500, 0])
  })

  it('does not wait for who asks for minutes', async () => {
    server.answers.push(json(429, {}, { 'retry-after': '3600' }))
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed' })
    expect(waits).toEqual([])
  })

  it('tries again after a connection that broke', async () => {
    server.answers.push((response) => response.destroy())
    expect(await open().embed(['a'])).toEqual(await rowsOf(['a']))
  })

  it('gives up after so many attempts', async () => {
    server.answers.push(...Array.from({ length: 3 }, () => json(500, {})))
    await expect(open({ retries: 2 }).embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed' })
    expect(server.asked).toHaveLength(3)
  })

  it.each([400, 401, 403, 404, 413])('does not try again after status %i', async (status) => {
    server.answers.push(json(status, { error: { message: 'no' } }))
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed', message: expect.stringContaining(`${status}`) })
    expect(server.asked).toHaveLength(1)
  })

  it('does not try again where the account is used up', async () => {
    server.answers.push(json(429, { error: { code: 'insufficient_quota', message: 'pay' } }))
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed' })
    expect(server.asked).toHaveLength(1)
  })

  const good = [1, 0, 0, 0]
  const list = (...data: unknown[]): Answer => json(200, { data })
  const row = (embedding: unknown, index: unknown = 0): unknown => ({ index, embedding })
  it.each<[string, Answer]>([
    ['too few numbers', list(row([1, 0, 0]), row(good, 1))],
    ['too many numbers', list(row([1, 0, 0, 0, 0]), row(good, 1))],
    ['NaN as null', list(row([1, null, 0, 0]), row(good, 1))],
    ['NaN as it is', raw(200, '{"data":[{"index":0,"embedding":[NaN,0,0,0]}]}', { 'content-type': 'application/json' })],
    ['a number that no float32 holds', list(row([1e39, 0, 0, 0]), row(good, 1))],
    ['texts for numbers', list(row(['1', '0', '0', '0']), row(good, 1))],
    ['base64 where numbers were asked for', list(row('AACAPwAAAAAAAAAAAAAAAA=='), row(good, 1))],
    ['only zeros', list(row([0, 0, 0, 0]), row(good, 1))],
    ['a row too few', list(row(good))],
    ['a row too many', list(row(good), row(good, 1), row(good, 2))],
    ['one index twice', list(row(good), row(good))],
    ['an index out of range', list(row(good), row(good, 2))],
    ['an index that is none', list(row(good, '0'), row(good, 1))],
    ['no list', json(200, {})],
    ['an empty list', list()],
    ['null', json(200, null)],
    ['nothing', raw(204, '', {})],
    ['a text', json(200, 'sorry')],
    ['HTML', raw(200, '<html>maintenance</html>', { 'content-type': 'text/html' })],
    ['JSON that ends early', raw(200, '{"data":[', { 'content-type': 'application/json' })],
    ['a body beyond all measure', json(200, { data: 'x'.repeat(200_000) })],
  ])('refuses an answer with %s, and does not pay for another', async (_, answer) => {
    server.answers.push(answer)
    await expect(open().embed(['a', 'b'])).rejects.toMatchObject({ code: 'embedding_bad_response' })
    expect(server.asked).toHaveLength(1)
  })

  it('does not follow a redirect, which would carry the texts elsewhere', async () => {
    const tripwire = await fakeOpenai(WIDTH)
    server.answers.push(raw(307, '', { location: `${tripwire.baseUrl}/embeddings` }))
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed' })
    expect(tripwire.asked).toEqual([])
    await tripwire.close()
  })

  it.each<[string, Answer]>([
    ['never answers', () => {}],
    ['stops in the middle of its body', (response) => { response.writeHead(200, { 'content-length': '100' }).write('{') }],
  ])('gives up on an endpoint that %s', async (_, answer) => {
    server.answers.push(answer)
    await expect(open({ timeoutMs: 50, retries: 0 }).embed(['a'])).rejects.toMatchObject({ code: 'embedder_failed' })
  })

  it('leaves a request that is under way when its caller does, with the reason of the caller', async () => {
    const stop = new AbortController()
    const reason = new Error('too late')
    server.answers.push(() => stop.abort(reason))
    await expect(open().embed(['a'], { signal: stop.signal })).rejects.toBe(reason)
    server.answers.push(json(500, {}))
    const again = new AbortController()
    const sleeping = open({ sleep: async () => again.abort(reason) })
    await expect(sleeping.embed(['a'], { signal: again.signal })).rejects.toBe(reason)
  })

  it('shows neither key nor text in an error or on the console, whatever the endpoint repeats', async () => {
    vi.stubEnv('OPENAI_LOG', 'debug')
    const printed: unknown[] = []
    const methods = ['log', 'info', 'debug', 'warn', 'error'] as const
    const print = (...values: unknown[]): void => { printed.push(...values) }
    const spies = methods.map((name) => vi.spyOn(console, name).mockImplementation(print))
    const echo = { error: { message: `wrong key ${KEY} for "secret title"`, code: KEY } }
    const errors: unknown[] = []
    for (const answer of [
      json(401, echo, { 'x-key': KEY }), json(500, echo), raw(200, `${KEY} secret title`, {}),
      raw(200, `{"${KEY}": secret title`, { 'content-type': 'application/json' }),
    ]) {
      server.answers.push(answer)
      await open({ retries: 0 }).embed(['secret title']).catch((error: unknown) => errors.push(error))
    }
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    expect(errors).toHaveLength(4)
    const shown = inspect([errors, printed], { depth: 20, showHidden: true })
    expect(shown).not.toContain(KEY)
    expect(shown).not.toContain('secret title')
  })
})

describe('the options of an endpoint', () => {
  const env = { OPENAI_API_KEY: KEY }

  it('are those of OpenAI where nothing is given', () => {
    expect(openaiOptions({}, env)).toEqual({
      model: 'text-embedding-3-small', width: 1536, sendDimensions: false, baseUrl: 'https://api.openai.com/v1', apiKey: KEY,
    })
    expect(openaiOptions({ width: 256 }, env)).toMatchObject({ width: 256, sendDimensions: true })
  })

  it('need no key for an endpoint of one\'s own, whose URL may stand in the environment', () => {
    expect(openaiOptions({ model: 'm', width: 4 }, { OPENAI_BASE_URL: 'http://localhost:8080/v1' }))
      .toMatchObject({ baseUrl: 'http://localhost:8080/v1', apiKey: 'none', sendDimensions: false })
  })

  it.each([
    ['OPENAI_API_KEY', {}, {}],
    ['OPENAI_API_KEY', {}, { OPENAI_API_KEY: ' ' }],
    ['width', { model: 'm' }, env],
    ['baseUrl', { baseUrl: 'localhost' }, env],
    ['baseUrl', { baseUrl: 'file:///etc/passwd' }, env],
  ])('name %s where it is missing or wrong: %j', (field, given, environment) => {
    expect(() => openaiOptions(given, environment)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})
