import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import { createLogPace } from '../log-pace.ts'
import { isProblemCode, problem, PROBLEMS, ProblemSchema, Refusal, retryAfter } from '../problems.ts'
import type { Fault, ProblemCode } from '../problems.ts'
import { createRouteTable, type RouteTable } from '../route-table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly routeTable: RouteTable
  }
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** Every refusal, also Fastify's own, as RFC 9457 with one of our codes. Registered before all routes. */
export const errors = fp(async (app: FastifyInstance) => {
  // Routes refer to it.
  app.addSchema(ProblemSchema)
  const routes = createRouteTable()
  const pace = createLogPace()
  app.decorate('routeTable', routes)
  app.addHook('onRoute', (route) => routes.add(route))
  app.addHook('onReady', async () => { routes.all() })

  app.setErrorHandler(async (error: FastifyError | Error, request, reply) => {
    // What Fastify has against the request comes second where nobody would have taken it.
    if (request.is404 && 'code' in error && error.code.startsWith('FST_')) return await sendNotFound(request, reply)
    const { code, faults } = classify(error)
    // The message of a mean error names no input; the cause of a bug needs its stack.
    if (code === 'internal') request.log.error({ err: error, code }, 'request failed')
    else if (PROBLEMS[code][0] >= 500) {
      const silent = pace(code)
      if (silent !== undefined) request.log.warn({ err: error, code, silent }, 'request failed')
    }
    return sendProblem(request, reply, code, faults)
  })

  app.setNotFoundHandler(async (request, reply) => await sendNotFound(request, reply))

  async function sendNotFound (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const methods = routes.allowed(request.url)
    if (methods.length === 0) return await sendProblem(request, reply, 'not_found')
    reply.header('allow', methods.join(', '))
    return await sendProblem(request, reply, 'method_not_allowed')
  }
}, { name: 'errors' })

/** Sends a problem; for use where throwing is not possible as well. */
export function sendProblem (
  request: FastifyRequest, reply: FastifyReply, code: ProblemCode, faults?: Fault[]
): FastifyReply {
  const wait = retryAfter(code)
  if (wait !== undefined) reply.header('retry-after', wait)
  const body = problem(code, request.id, faults === undefined ? {} : { errors: faults })
  // Bypasses the route's serializers: a problem must come out whole whatever the route declared.
  return reply.code(PROBLEMS[code][0]).type(PROBLEM_TYPE).serializer(JSON.stringify).send(body)
}

/** For errors before a route is found, which Fastify does not bring to the error handler. */
export function answerFrameworkError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id)
  sendProblem(request, reply, classify(error).code)
}

function classify (error: FastifyError | Error): { code: ProblemCode, faults?: Fault[] } {
  if (error instanceof Refusal) return error.errors === undefined ? error : { code: error.code, faults: error.errors }
  if (error instanceof IsthmusError) {
    if (!isProblemCode(error.code)) return { code: 'internal' }
    const { field } = error.place
    return { code: error.code, ...(field === undefined ? {} : { faults: [{ pointer: `/${field}`, rule: error.code }] }) }
  }
  if ('validation' in error && error.validation !== undefined) return validation(error)
  const code = 'code' in error ? FRAMEWORK[error.code] : undefined
  return { code: code ?? 'internal' }
}

function validation (error: FastifyError): { code: ProblemCode, faults?: Fault[] } {
  const part = error.validationContext === 'body' ? '' : `/${error.validationContext ?? ''}`
  const found = (error.validation ?? []).filter(({ keyword }) => keyword !== 'if')
  return {
    code: 'validation_failed',
    faults: found.map(({ instancePath, keyword, params }) => ({
      pointer: part + instancePath + (typeof params.missingProperty === 'string' ? `/${params.missingProperty}` : ''),
      rule: keyword,
    })),
  }
}

/** Fastify's own codes (fastify/lib/errors.js) that a client can cause. */
const FRAMEWORK: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_http',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'empty_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_BAD_URL: 'bad_url',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_HANDLER_TIMEOUT: 'deadline_exceeded',
  ECONNRESET: 'malformed_http',
}
