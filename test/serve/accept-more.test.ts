import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acceptMore } from '../../src/serve/accept-more.ts'

const BACKLOG = 256

describe('a server whose turns accept more connections', () => {
  let server: Server
  let port: number
  let sockets: Socket[]
  let accepted: number
  let handle: (request: IncomingMessage, response: ServerResponse) => void
  beforeEach(async () => {
    sockets = []
    accepted = 0
    handle = (_request, response) => { response.end('here') }
    server = createServer((request, response) => handle(request, response)).on('connection', () => { accepted++ })
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })

  /** Those that are there after each turn of the loop, until all are. */
  async function acceptedByTurn (connections: number): Promise<number[]> {
    for (let i = 0; i < connections; i++) sockets.push(connect({ host: '127.0.0.1', port }))
    const seen: number[] = []
    for (let all = 0; all < connections; all += accepted) {
      accepted = 0
      await setImmediate()
      seen.push(accepted)
    }
    return seen
  }
  const answer = async (): Promise<string> => await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.setEncoding('utf8').once('data', resolve)
    }).on('error', reject).end()
  })

  it('takes several in a turn, where Node takes one', async () => {
    expect(Math.max(...await acceptedByTurn(12))).toBe(1)
    const stop = await acceptMore(server, { more: 3, backlog: BACKLOG })
    const turns = await acceptedByTurn(40)
    expect(Math.max(...turns)).toBe(4)
    expect(turns.filter((connections) => connections > 0).length).toBeLessThan(20)
    for (const socket of sockets) socket.destroy()
    await stop()
  })

  it('loses no connection, and answers each as the server does', async () => {
    const stop = await acceptMore(server, { more: 3, backlog: BACKLOG })
    expect(await Promise.all(Array.from({ length: 30 }, async () => await answer()))).toEqual(Array(30).fill('here'))
    expect(accepted).toBe(30)
    await stop()
  })

  it('is closed once it stops, and waits for what is being answered', async () => {
    const stop = await acceptMore(server, { more: 3, backlog: BACKLOG })
    const held: ServerResponse[] = []
    handle = (_request, response) => { held.push(response) }
    const answers = Array.from({ length: 8 }, async () => await answer())
    while (held.length < 8) await setImmediate()
    let ended = false
    const end = stop().then(() => { ended = true })
    server.close()
    await setImmediate()
    await expect(answer()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(ended).toBe(false)
    for (const response of held) response.end('late')
    expect(await Promise.all(answers)).toEqual(Array(8).fill('late'))
    await end
  })

  it('refuses where there is no socket to share, and leaves the server as it was', async () => {
    const closed = createServer()
    await expect(acceptMore(closed, { more: 3, backlog: BACKLOG })).rejects.toThrow()
    await expect(answer()).resolves.toBe('here')
  })
})
