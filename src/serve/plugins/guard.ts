import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import type { Metrics } from '../metrics.ts'

export interface GuardOptions {
  readonly metrics: Metrics
  /** Requests in work at once, in all and on one route that is costly. */
  readonly maxInFlight: number
  /** Milliseconds by which the event loop is late. */
  readonly loopDelay: () => number
  readonly maxLoopDelayMs: number
  readonly isDraining: () => boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Probes and metrics answer whatever the load. */
    readonly unguarded?: boolean
    /** A cap of this route's own. */
    readonly maxInFlight?: number
  }
}

/** Refuses early and cheaply what cannot be answered well: too much at once, a late event loop, a service that ends. */
export const guard = fp(async (app: FastifyInstance, options: GuardOptions) => {
  const { metrics, maxInFlight, loopDelay, maxLoopDelayMs, isDraining } = options
  const routes = new Map<string, number>()
  let all = 0

  // The end waits for open connections: an answer given meanwhile is the last one on its own.
  app.addHook('onSend', async (_request, reply) => { if (isDraining()) reply.header('connection', 'close') })
  app.addHook('onRequest', async (request, reply) => {
    const { url = '', config } = request.routeOptions
    if (config.unguarded === true) return
    if (isDraining()) throw new IsthmusError('shutting_down', 'draining')
    const here = routes.get(url) ?? 0
    const reason = all >= maxInFlight || here >= (config.maxInFlight ?? Infinity)
      ? 'in_flight'
      : loopDelay() > maxLoopDelayMs ? 'event_loop' : undefined
    if (reason !== undefined) {
      metrics.shed.inc({ reason })
      throw new IsthmusError('overloaded', `shed: ${reason}`)
    }
    all++
    routes.set(url, here + 1)
    // `close` comes once, whether the answer went out or the client went away.
    reply.raw.once('close', () => {
      all--
      routes.set(url, (routes.get(url) ?? 1) - 1)
    })
  })
}, { name: 'guard' })
