import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
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
    request.deadline = performance.now() + (wanted(request) ?? defaultMs)
  })
}, { name: 'deadline' })

function wanted ({ headers }: FastifyRequest): number | undefined {
  const text = headers[TIMEOUT_HEADER]
  if (text === undefined) return undefined
  const ms = typeof text === 'string' && /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  if (ms < MIN_MS || ms > MAX_MS) throw new Refusal('bad_header', [{ pointer: `/headers/${TIMEOUT_HEADER}`, rule: 'range' }])
  return ms
}
