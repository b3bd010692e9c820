import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController } from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import { IsthmusError } from '../errors.ts'
import { answerClientError, answerConnect, answerExpectation } from './client-errors.ts'
import { answerFrameworkError } from './plugins/errors.ts'
import { requestIdOf } from './plugins/request-id.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What every request that comes by a socket passes before the framework sees it. */
    readonly door: Door
  }
  interface FastifyContextConfig {
    /** The handler itself sees to it that an answer is there by `request.deadline`, whatever happens. */
    readonly meetsDeadline?: boolean
  }
}

/** Open until somebody guards it (`plugins/gate.ts`). */
export interface Door {
  /** Answers a request itself, and says so. */
  turnsAway: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface LogOptions {
  readonly level: string
  /** Gets one JSON object a line. */
  readonly stream: { write: (line: string) => void }
}

/** A time long enough for any answer, or for an upload that comes slowly but steadily. */
const SLOWEST_REQUEST_MS = 600_000
const IDLE_SOCKET_MS = 30_000
/** What a route may take that says nothing else. */
const HANDLER_MS = 1000
const HTTP = {
  headersTimeout: 3000,
  requestTimeout: SLOWEST_REQUEST_MS,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
  insecureHTTPParser: false,
  // Node's own refusal is no problem document; the hook below has one.
  requireHostHeader: false,
}
const REQUESTS_PER_SOCKET = 1000

/**
 * A server without routes that takes nothing for granted of what a client sends. Logs hold no body and no header. A
 * connection from one of `trustedProxies`, addresses and networks, may say by `X-Forwarded-For` whom it speaks for.
 */
export function createServer (log?: LogOptions, trustedProxies: readonly string[] = []): FastifyInstance {
  const door: Door = { turnsAway: () => false }
  const server = Fastify({
    logger: log ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestIdOf,
    bodyLimit: 256 * 1024,
    routerOptions: { maxParamLength: 512 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    exposeHeadRoutes: false,
    // The guard says it as a problem.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    serverFactory (handle) {
      const listener = createHttpServer(HTTP, (request, response) => {
        if (!door.turnsAway(request, response)) handle(request, response)
      })
      listener.maxRequestsPerSocket = REQUESTS_PER_SOCKET
      return listener.setTimeout(IDLE_SOCKET_MS)
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, request, reply) => answerFrameworkError(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>()
  server.decorate('door', door)
  server.server.on('checkExpectation', answerExpectation).on('connect', answerConnect)
  server.addHook('onRequest', async ({ raw: { httpVersion, headers } }, reply) => {
    if (headers.host !== undefined || httpVersion !== '1.1') return
    reply.header('connection', 'close')
    throw new IsthmusError('malformed_http', 'HTTP/1.1 without a host')
  })
  // Not as a default of the server, which no route could leave: for a route that answers by its deadline anyway, the
  // timer and the abort signal of each request would be a tenth of its time on the HTTP thread.
  server.addHook('onRoute', (route) => {
    if (route.config?.meetsDeadline !== true) route.handlerTimeout ??= HANDLER_MS
  })
  return server
}
