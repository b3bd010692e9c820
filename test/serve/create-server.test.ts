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
