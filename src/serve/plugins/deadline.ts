import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { arrivedAt } from '../arrivals.ts'
import { Refusal } from '../problems.ts'

export const TIMEOUT_HEADER = 'x-request-timeout-ms'
const MIN_MS = 10
const MAX_MS = 5000

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic milliseconds (performance.now) after which an answer is of no use to the caller. */
    deadline: number
  }
}

/** Each request carries its deadline from the moment it arrived; the caller may set it, 10 to 5,000 ms. */
export const deadline = fp(async (app: FastifyInstance, { defaultMs }: { readonly defaultMs: number }) => {
  app.decorateRequest('deadline', 0)
  app.addHook('onRequest', async (request) => {
    const wanted = wantedMs(request.raw)
    if (wanted === undefined && request.headers[TIMEOUT_HEADER] !== undefined) {
      throw new Refusal('bad_header', [{ pointer: `/headers/${TIMEOUT_HEADER}`, rule: 'range' }])
    }
    request.deadline = (arrivedAt(request.raw) ?? performance.now()) + (wanted ?? defaultMs)
  })
}, { name: 'deadline' })

/** What the caller gives its request, in milliseconds; undefined where it says nothing, or nothing that can be. */
export function wantedMs ({ headers }: Pick<IncomingMessage, 'headers'>): number | undefined {
  const text = headers[TIMEOUT_HEADER]
  const ms = typeof text === 'string' && /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return ms < MIN_MS || ms > MAX_MS ? undefined : ms
}
