import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import type { Metrics } from '../metrics.ts'

export interface GuardOptions {
  readonly metrics: Metrics
  /** Counted here, for others to see. */
  readonly inWork: InWork
  /** Requests in work at once, in all and on one route that is costly. */
  readonly maxInFlight: number
  readonly isDraining: () => boolean
}

/** Requests in work at this moment. */
export interface InWork { all: number }

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Probes and metrics answer whatever the load. */
    readonly unguarded?: boolean
    /** A cap of this route's own. */
    readonly maxInFlight?: number
    /** Can answer at next to no cost where there is too much in work (`request.overloaded`). */
    readonly degrades?: boolean
  }
  interface FastifyRequest {
    /** Too much is in work to answer this well. */
    overloaded: boolean
  }
}

/** A cheap answer is better than none, until those pile up as well. */
const CHEAP_TIMES = 2

/**
 * Refuses what is too much at once, on one route or in all, and everything once the service ends. A route that can
 * answer at next to no cost is let in up to twice as often, to do that. What came too late is turned away before
 * (gate.ts).
 */
export const guard = fp(async (app: FastifyInstance, options: GuardOptions) => {
  const { metrics, inWork, maxInFlight, isDraining } = options
  const routes = new Map<string, number>()

  app.decorateRequest('overloaded', false)
  // The end waits for open connections: an answer given meanwhile is the last one on its own.
  app.addHook('onSend', async (_request, reply) => { if (isDraining()) reply.header('connection', 'close') })
  app.addHook('onRequest', async (request, reply) => {
    const { url = '', config } = request.routeOptions
    if (config.unguarded === true) return
    if (isDraining()) throw new IsthmusError('shutting_down', 'draining')
    const here = routes.get(url) ?? 0
    const most = config.degrades === true ? CHEAP_TIMES * maxInFlight : maxInFlight
    if (inWork.all >= most || here >= (config.maxInFlight ?? Infinity)) {
      metrics.shed.inc({ reason: 'in_flight' })
      throw new IsthmusError('overloaded', 'too much in flight')
    }
    if (inWork.all >= maxInFlight) request.overloaded = true
    inWork.all++
    routes.set(url, here + 1)
    // `close` comes once, whether the answer went out or the client went away.
    reply.raw.once('close', () => {
      inWork.all--
      routes.set(url, (routes.get(url) ?? 1) - 1)
    })
  })
}, { name: 'guard' })
