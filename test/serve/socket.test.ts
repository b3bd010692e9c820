import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openService, type Service } from './service.ts'

const HEAD = 'POST /recommend?domain=sport HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'

/** RELIABILITY.md 5.0: what only a socket can send. */
describe('on a real socket, the service', () => {
  let service: Service
  let port: number
  beforeAll(async () => {
    service = await openService({ limits: { requestTimeoutMs: 5000, bodyWithinMs: 50 } })
    port = Number(new URL(await service.server.listen({ port: 0, host: '127.0.0.1' })).port)
  })
  afterAll(async () => { await service.close() })

  /** Everything that comes back until the server closes. */
  async function send (text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
    socket.write(text)
    await once(socket, 'close')
    return answer
  }

  it.each([
    ['T1 two ways to say the length', `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`, 400, 'malformed_http'],
    ['T2 two lengths', `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, 'malformed_http'],
    ['T3 a signed length', `${HEAD}content-length: +2\r\n\r\n{}`, 400, 'malformed_http'],
    ['T11 a huge length', `${HEAD}content-length: 99999999999\r\nconnection: close\r\n\r\n`, 413, 'body_too_large'],
    ['T12 a body that does not come', `${HEAD}content-length: 20\r\n\r\n{`, 408, 'request_timeout'],
    ['T15 another protocol', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', 400, 'malformed_http'],
    ['T16 an unknown method', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n', 400, 'malformed_http'],
    ['T17 TRACE', 'TRACE /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 405, 'method_not_allowed'],
    ['QUERY, which would have a body', 'QUERY /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 405, 'method_not_allowed'],
    ['T19 TLS', '\u0016\u0003\u0001', 400, 'malformed_http'],
    ['T22 a header of 20 KB', `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['T28 an odd expectation', `${HEAD}expect: junk\r\ncontent-length: 2\r\n\r\n{}`, 417, 'expectation_failed'],
  ])('P31: answers %s once, as a problem', async (_, text, status, code) => {
    const answer = await send(text)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json')
    expect(answer).toContain(`"code":"${code}"`)
  })

  it('lets lines take longer than a body may', async () => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
    socket.write('POST /items HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n' +
      'transfer-encoding: chunked\r\n\r\n')
    const line = '{"itemId":"n1","domain":"sport","title":"tennis cap"}\n'
    socket.write(`${line.length.toString(16)}\r\n${line}\r\n`)
    // A body that does not come is cut off meanwhile; the lines are not.
    await send(`${HEAD}content-length: 20\r\n\r\n{`)
    socket.write('0\r\n\r\n')
    await once(socket, 'close')
    expect(answer).toContain('{"accepted":1,"rejected":[]}')
  })
})
