import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { createServer } from '../../src/serve/create-server.ts'

describe('how long a handler may take', () => {
  it('is a second, unless the route says otherwise or meets the deadline itself', async () => {
    const server = createServer()
    const limit = { '/plain': {}, '/slow': { handlerTimeout: 5000 }, '/own': { config: { meetsDeadline: true } } }
    for (const [url, options] of Object.entries(limit)) {
      server.get(url, options, async (request) => ({ ms: request.routeOptions.handlerTimeout ?? 0 }))
    }
    const found = await Promise.all(Object.keys(limit).map(async (url) => (await server.inject(url)).json<unknown>()))
    expect(found).toEqual([{ ms: 1000 }, { ms: 5000 }, { ms: 0 }])
  })
})

describe('who calls', () => {
  const ask = async (server: FastifyInstance, remoteAddress: string): Promise<unknown> => {
    const headers = { 'x-forwarded-for': '192.0.2.7, 198.51.100.1' }
    return (await server.inject({ url: '/', remoteAddress, headers })).json<unknown>()
  }
  const open = (proxies?: readonly string[]): FastifyInstance => {
    const server = createServer(undefined, proxies)
    server.get('/', async ({ ip }) => ({ ip }))
    return server
  }

  it('is the connection, whatever a header says', async () => {
    expect(await ask(open(), '10.0.0.1')).toEqual({ ip: '10.0.0.1' })
    expect(await ask(open(['10.0.0.0/8']), '172.16.0.1')).toEqual({ ip: '172.16.0.1' })
  })

  it('is whom a proxy that is trusted names, and behind it the first that is not', async () => {
    expect(await ask(open(['10.0.0.0/8']), '10.0.0.1')).toEqual({ ip: '198.51.100.1' })
    expect(await ask(open(['10.0.0.0/8', '198.51.100.1']), '10.0.0.1')).toEqual({ ip: '192.0.2.7' })
  })
})
