import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { NDJSON_TYPE } from './body.ts'
import { sendProblem } from './errors.ts'

/**
 * A body has this long to arrive, or its sender is cut off with 408. A stream of lines may take as long as it needs, as
 * long as it keeps coming: the idle timeout of the socket watches that.
 */
export const arrival = fp(async (app: FastifyInstance, { withinMs }: { readonly withinMs: number }) => {
  app.addHook('onRequest', async (request, reply) => {
    if (request.raw.complete || NDJSON_TYPE.test(request.headers['content-type'] ?? '')) return
    const timer = setTimeout(() => {
      if (reply.sent) return
      reply.header('connection', 'close')
      sendProblem(request, reply, 'request_timeout')
    }, withinMs)
    const stop = (): void => clearTimeout(timer)
    request.raw.once('end', stop).once('close', stop)
  })
}, { name: 'arrival' })
