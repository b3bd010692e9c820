import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey, parseKeys } from '../../../src/config/api-keys.ts'
import { createServer } from '../../../src/serve/create-server.ts'
import { openService, type Service } from '../service.ts'
import { CHUNKED, HEAD, JSON_TYPE, MALFORMED } from './malformed.ts'

const GET = 'GET /health/live HTTP/1.1\r\nhost: x\r\n'
const LAST = 'connection: close\r\n\r\n'
const body = (text: string): string => `content-length: ${text.length}\r\n\r\n${text}`

type Row = readonly [row: string, text: string, status: number, code?: string]

/** RELIABILITY.md 5.0, by number: what is answered once, and then the connection ends. */
const ROWS: readonly Row[] = [
  ...MALFORMED.map(({ row, text, status, code }): Row => [row, text, status, code]),
  ['T11 a huge length', `${HEAD}content-length: 99999999999\r\n${LAST}`, 413, 'body_too_large'],
  ['T12 a body that does not come', `${HEAD}content-length: 20\r\n\r\n{`, 408, 'request_timeout'],
  ['T13 headers that do not end', GET, 408, 'request_timeout'],
  ['T17 TRACE', `TRACE /health/live HTTP/1.1\r\nhost: x\r\n${LAST}`, 405, 'method_not_allowed'],
  ['T17 QUERY, which would have a body', `QUERY /metrics HTTP/1.1\r\nhost: x\r\n${LAST}`, 405, 'method_not_allowed'],
  ['T18 CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n', 405, 'method_not_allowed'],
  ['T21 a URL of 20 KB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, 'headers_too_large'],
  ['T22 a header of 20 KB', `${GET}a: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['T24 a URL that cannot be decoded', `GET /%zz HTTP/1.1\r\nhost: x\r\n${LAST}`, 400, 'bad_url'],
  ['T25 NUL in a path', `GET /health/live%00 HTTP/1.1\r\nhost: x\r\n${LAST}`, 404, 'not_found'],
  ['T26 double slashes', `GET //health//live HTTP/1.1\r\nhost: x\r\n${LAST}`, 404, 'not_found'],
  ['T27 a path that climbs', `GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n${LAST}`, 404, 'not_found'],
  ['T28 an odd expectation', `${HEAD}expect: junk\r\n${body('{}')}`, 417, 'expectation_failed'],
  ['T30 a body that says it is compressed', `${HEAD}content-encoding: gzip\r\nconnection: close\r\n${body('{}')}`, 415, 'unsupported_encoding'],
  ['T35 a wish to speak WebSocket', `${GET}connection: upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', 200],
  ['T36 an address by hearsay', `${GET}x-forwarded-for: 127.0.0.1\r\n${LAST}`, 200],
  ['T37 another method by hearsay', `GET /items/sport-0001 HTTP/1.1\r\nhost: x\r\nx-http-method-override: DELETE\r\n${LAST}`, 200],
  ['T40 HTTP/1.0', 'GET /health/live HTTP/1.0\r\n\r\n', 200],
]

describe('on a real socket, the service', () => {
  let service: Service
  let port: number
  const log: string[] = []
  beforeAll(async () => {
    const server = createServer({ level: 'warn', stream: { write: (line) => { log.push(line) } } })
    service = await openService({ server, limits: { requestTimeoutMs: 5000, bodyWithinMs: 50 } })
    port = Number(new URL(await service.server.listen({ port: 0, host: '127.0.0.1' })).port)
  })
  afterAll(async () => { await service.close() })

  it.each(ROWS.map((row) => [row[0], row] as const))('P31: answers once: row %s', async (_, [, text, status, code]) => {
    const answer = await send(port, text)
    expect(statuses(answer)).toEqual([status])
    expect(answer.toLowerCase()).toContain(`content-type: application/${code === undefined ? '' : 'problem+'}json`)
    if (code !== undefined) expect(answer).toContain(`"code":"${code}"`)
    expect(statuses(await send(port, GET + LAST))).toEqual([200])
  })

  it('P31: row T23: answers 1,500 headers once, as this Node counts what they take', async () => {
    const answer = await send(port, `${GET}${'a: b\r\n'.repeat(1500)}${LAST}`)
    // 9 KB of text; newer versions add something for each header, and so it is over their limit.
    expect([[200], [431]]).toContainEqual(statuses(answer))
    expect(answer.includes('"code":"headers_too_large"')).toBe(statuses(answer)[0] === 431)
    expect(statuses(await send(port, GET + LAST))).toEqual([200])
  })

  it('P31: row T31: refuses a million chunks of one byte, once', async () => {
    const patient = await openService({ limits: { bodyWithinMs: 60_000 } })
    try {
      const { port } = new URL(await patient.server.listen({ port: 0, host: '127.0.0.1' }))
      const answer = await send(Number(port), `${CHUNKED}${'1\r\nx\r\n'.repeat(1_000_000)}0\r\n\r\n`)
      expect([statuses(answer), answer.includes('"code":"body_too_large"')]).toEqual([[413], true])
      expect(statuses(await send(Number(port), GET + LAST))).toEqual([200])
    } finally {
      await patient.close()
    }
  })

  it('P31: row T29: says that a body may come, then answers it', async () => {
    const answer = await send(port, `${HEAD}expect: 100-continue\r\nconnection: close\r\n${body('{}')}`)
    expect(statuses(answer)).toEqual([100, 200])
  })

  it('P31: row T32: answers a thousand requests in a row, each once', async () => {
    const answer = await send(port, `${GET}\r\n`.repeat(999) + GET + LAST)
    expect(statuses(answer)).toEqual(Array(1000).fill(200))
  })

  it('row T33: answers one who will say no more', async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(`${HEAD}${body('{}')}`)
    expect(statuses(await read(socket))).toEqual([200])
  })

  it('row T34: goes on when a body is broken off', async () => {
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.write(`${HEAD}content-length: 20\r\n\r\n{"k"`, resolve))
    // The head is read by now if one that came later is answered.
    expect(statuses(await send(port, GET + LAST))).toEqual([200])
    socket.resetAndDestroy()
    await once(socket, 'close')
    expect(statuses(await send(port, GET + LAST))).toEqual([200])
    expect(log.filter((line) => !line.includes('"level":40'))).toEqual([])
  })

  it('row T37: has not deleted what a header asked to delete', async () => {
    expect((await service.get('/items/sport-0001')).statusCode).toBe(200)
  })

  it.each([
    ['a bare CR', 'aaaaaaaa\rset-cookie: a=b', 400], ['a folded line', 'aaaaaaaa\r\n set-cookie: a=b', 400],
    ['an escaped CR LF', 'aaaaaaaa%0d%0aset-cookie:a=b', 200],
  ])('row T38: takes no header from %s in a request id', async (_, id, status) => {
    const answer = await send(port, `${GET}x-request-id: ${id}\r\n${LAST}`)
    expect(statuses(answer)).toEqual([status])
    expect(answer).not.toContain('cookie')
    expect(answer).toMatch(/^x-request-id: [0-9a-f-]{36}\r$/m)
  })

  it('row T40: keeps a connection of HTTP/1.0 where it is asked to', async () => {
    const one = 'GET /health/live HTTP/1.0\r\nconnection: keep-alive\r\n\r\n'
    expect(statuses(await send(port, one + one.replace('keep-alive', 'close')))).toEqual([200, 200])
  })

  it('lets lines take longer than a body may', async () => {
    const socket = connect(port, '127.0.0.1')
    const answer = read(socket)
    socket.write('POST /items HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n' +
      'transfer-encoding: chunked\r\n\r\n')
    const line = '{"itemId":"n1","domain":"sport","title":"tennis cap"}\n'
    socket.write(`${line.length.toString(16)}\r\n${line}\r\n`)
    // A body that does not come is cut off meanwhile; the lines are not.
    await send(port, `${HEAD}content-length: 20\r\n\r\n{`)
    socket.write('0\r\n\r\n')
    expect(await answer).toContain('{"accepted":1,"rejected":[]}')
  })
})

describe('with keys, on a real socket, the service', () => {
  const { key, entry } = newKey('shop', 'read')
  let service: Service
  let port: number
  beforeAll(async () => {
    service = await openService({ keys: parseKeys(entry, 'API_KEYS') })
    port = Number(new URL(await service.server.listen({ port: 0, host: '127.0.0.1' })).port)
  })
  afterAll(async () => { await service.close() })

  it.each([
    ['the key', `authorization: Bearer ${key}`, 200],
    ['a key of 5 KB', `x-api-key: ${'k'.repeat(5000)}`, 401],
    ['a key that is not ASCII', 'x-api-key: schl\u00fcssel', 401],
    ['two Authorization headers, the right one first', `authorization: Bearer ${key}\r\nauthorization: Bearer x`, 401],
    ['two Authorization headers, the right one last', `authorization: Bearer x\r\nauthorization: Bearer ${key}`, 401],
    ['the key twice', `x-api-key: ${key}\r\nx-api-key: ${key}`, 401],
  ])('row T39: answers %s', async (_, header, status) => {
    const answer = await send(port, `POST /recommend?domain=sport HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}${header}\r\nconnection: close\r\n${body('{}')}`)
    expect(statuses(answer)).toEqual([status])
    if (status === 401) expect(answer).toContain('"code":"unauthorized"')
  })
})

/** Everything that comes back until the server closes. */
async function send (port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const answer = read(socket)
  socket.write(text, 'latin1')
  return await answer
}

async function read (socket: Socket): Promise<string> {
  let answer = ''
  // The end of a connection that was cut while we still wrote: what was answered counts.
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

function statuses (answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
}
