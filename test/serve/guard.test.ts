import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import type { Engine } from '../../src/recommend/engine.ts'
import { openService } from './service.ts'

describe('a service that is', () => {
  it('P10: full gives popular items first, then refuses with a time to wait, and still answers probes', async () => {
    let release = (): void => {}
    let held: Promise<void> | undefined
    const service = await openService({
      limits: { maxInFlight: 2, requestTimeoutMs: 5000 },
      wrapEngine: (engine): Engine => ({
        ...engine,
        async recommend (job) {
          await held
          return await engine.recommend(job)
        },
      }),
    })
    try {
      held = new Promise((resolve) => { release = resolve })
      const taken = [1, 2].map(async () => await service.post('/recommend?domain=sport', {}))
      const cheap = await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }], k: 3 })
      expect([cheap.statusCode, cheap.headers['x-degraded']]).toEqual([200, 'overloaded'])
      expect(cheap.json()).toMatchObject({ basis: 'popular', degraded: true, degradedReasons: ['overloaded'] })
      expect(cheap.json().items).toHaveLength(3)
      const refused = await service.get('/items/sport-0001')
      expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([503, 'overloaded', '1'])
      expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8')
      expect((await service.get('/health/live')).statusCode).toBe(200)
      expect((await service.get('/metrics')).body).toContain('isthmus_degraded_total{reason="overloaded"} 1')
      expect((await service.get('/metrics')).body).toContain('isthmus_shed_total{reason="in_flight"} 1')
      release()
      expect((await Promise.all(taken)).map(({ statusCode }) => statusCode)).toEqual([200, 200])
      expect((await service.post('/recommend?domain=sport', {})).statusCode).toBe(200)
    } finally {
      release()
      await service.close()
    }
  })

  it('P12: left by fifty clients has none of them in work any more', async () => {
    let release = (): void => {}
    let held: Promise<void> | undefined
    let begun = 0
    const service = await openService({
      limits: { maxInFlight: 50, requestTimeoutMs: 60_000 },
      wrapEngine: (engine): Engine => ({
        ...engine,
        async recommend (job, gone) {
          begun++
          await held
          return await engine.recommend(job, gone)
        },
      }),
    })
    try {
      held = new Promise((resolve) => { release = resolve })
      begun = 0
      const { port } = new URL(await service.server.listen({ port: 0, host: '127.0.0.1' }))
      const sockets = Array.from({ length: 50 }, () => connect(Number(port), '127.0.0.1'))
      for (const socket of sockets) {
        socket.on('error', () => {}).write('POST /recommend?domain=sport HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
          'content-length: 2\r\n\r\n{}')
      }
      await vi.waitFor(async () => {
        expect([begun, (await service.get('/items/sport-0001')).statusCode]).toEqual([50, 503])
      }, { timeout: 20_000 })
      for (const socket of sockets) socket.resetAndDestroy()
      await vi.waitFor(async () => { expect((await service.get('/items/sport-0001')).statusCode).toBe(200) }, { timeout: 20_000 })
    } finally {
      release()
      await service.close()
    }
  })

  it('full of cheap answers too refuses those as well', async () => {
    const service = await openService({ limits: { maxInFlight: 1, requestTimeoutMs: 5000 } })
    try {
      // Two that are in work until their bodies end.
      const bodies = [1, 2].map(() => new Readable({ read () {} }))
      const held = bodies.map(async (payload) => await service.inject({
        method: 'POST', url: '/recommend?domain=sport', payload, headers: { 'content-type': 'application/json' },
      }))
      await vi.waitFor(async () => {
        expect((await service.post('/recommend?domain=sport', {})).statusCode).toBe(503)
      }, { timeout: 20_000 })
      for (const body of bodies) for (const part of ['{}', null]) body.push(part)
      const degraded = (await Promise.all(held)).map((answer) => answer.json<{ degraded: boolean }>().degraded)
      expect(degraded).toEqual([false, true])
    } finally {
      await service.close()
    }
  })

  it('ending refuses all but probes, and says so to the balancer', async () => {
    let draining = false
    const service = await openService({ isDraining: () => draining })
    try {
      draining = true
      const refused = await service.post('/recommend?domain=sport', {})
      expect([refused.statusCode, refused.json().code, refused.headers.connection]).toEqual([503, 'shutting_down', 'close'])
      const ready = await service.get('/health/ready')
      expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'unavailable' }])
      expect((await service.get('/health/live')).json()).toEqual({ status: 'ok' })
    } finally {
      await service.close()
    }
  })
})

describe('probes and metrics', () => {
  it('answer HEAD without a body, are not cached, and hide nothing that they show', async () => {
    const service = await openService()
    try {
      const head = await service.inject({ method: 'HEAD', url: '/health/live' })
      expect([head.statusCode, head.body]).toEqual([200, ''])
      const health = await service.get('/health')
      expect(health.headers['cache-control']).toBe('no-store')
      expect(health.json()).toMatchObject({
        status: 'ok', model: { name: 'tiny' }, provider: 'cpu', domains: [{ domain: 'sport', items: 60 }, { domain: 'cloth' }],
      })
    } finally {
      await service.close()
    }
  })

  it('never take an id, a path or a method of a caller for a label', async () => {
    const service = await openService()
    try {
      await service.post('/recommend?domain=sport', { userId: 'canary-user', history: [{ itemId: 'canary-item' }] })
      await service.get('/canary/path')
      await service.get('/items/canary-item')
      const before = (await service.get('/metrics')).body.split('\n').length
      for (let i = 0; i < 50; i++) await service.get(`/canary/${i}`)
      const { body, headers } = await service.get('/metrics')
      expect(headers['content-type']).toContain('text/plain')
      expect(body).not.toContain('canary')
      expect(body).toContain('http_requests_total{method="GET",route="unmatched",status="404"} 51')
      // The scrape itself is the one series that is new.
      expect(body.split('\n').length).toBeLessThan(before + 20)
    } finally {
      await service.close()
    }
  })
})
