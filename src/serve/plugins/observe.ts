import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Metrics } from '../metrics.ts'

/** Counts and times every answer under its route's template; a path of no route is `unmatched`. */
export const observe = fp(async (app: FastifyInstance, { metrics }: { readonly metrics: Metrics }) => {
  app.addHook('onResponse', async (request, reply) => {
    const { url = 'unmatched' } = request.is404 ? {} : request.routeOptions
    const method = METHODS.has(request.method) ? request.method : 'other'
    metrics.httpRequests.inc({ method, route: url, status: reply.statusCode })
    metrics.httpSeconds.observe({ method, route: url }, reply.elapsedTime / 1000)
    request.log.debug({ status: reply.statusCode, ms: reply.elapsedTime }, 'answered')
  })
}, { name: 'observe' })

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
