import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { answerSize, httpCaller } from '../../../bench/serve/http-caller.ts'
import { httpRequest } from '../../../bench/serve/requests.ts'

let server: Server | undefined
afterEach(() => { server?.closeAllConnections(); server?.close() })

describe('the size of an answer', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\n'

  it('is that of its head and its body, once the head is whole', () => {
    expect(answerSize(Buffer.from(head))).toBe(head.length + 5)
    expect(answerSize(Buffer.from(head.slice(0, -1)))).toBeUndefined()
  })

  it('has to be told by the head', () => {
    expect(() => answerSize(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('content-length')
  })
})

describe('a caller', () => {
  it('keeps its connection, and makes another where the server closed it', async () => {
    const bodies: string[] = []
    let connections = 0
    server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text) => bodies.push(text)).on('end', () => {
        const body = `answer ${bodies.length} ${'x'.repeat(100_000)}`
        response.setHeader('content-length', body.length)
        if (bodies.length === 2) response.setHeader('connection', 'close')
        response.end(body)
      })
    }).on('connection', () => connections++)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    const caller = httpCaller((server.address() as AddressInfo).port)
    const request = httpRequest({ domain: 'a b', history: ['x'], k: 3 })
    for (const n of [1, 2, 3]) {
      const answer = (await caller.call(request)).toString()
      expect(answer).toContain(`\r\n\r\nanswer ${n} `)
      expect(answer.endsWith('x'.repeat(100))).toBe(true)
    }
    caller.close()
    expect(connections).toBe(2)
    expect(bodies).toEqual(new Array(3).fill('{"history":[{"itemId":"x"}],"k":3}'))
  })

  it('makes another where its own was idle for about as long as a server waits', async () => {
    let connections = 0
    server = createServer((_request, response) => {
      response.setHeader('content-length', 0)
      response.end()
    }).on('connection', () => connections++)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    let at = 0
    const caller = httpCaller((server.address() as AddressInfo).port, () => at)
    const seen: number[] = []
    for (const ms of [0, 3900, 4100, 0]) {
      at += ms
      await caller.call(httpRequest({ domain: 'a', history: [], k: 1 }))
      seen.push(connections)
    }
    caller.close()
    expect(seen).toEqual([1, 1, 2, 2])
  })

  it('fails where the server goes without an answer', async () => {
    server = createServer((_request, response) => response.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const caller = httpCaller((server.address() as AddressInfo).port)
    await expect(caller.call(httpRequest({ domain: 'a', history: [], k: 1 }))).rejects.toThrow()
  })
})
