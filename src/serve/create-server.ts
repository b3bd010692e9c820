import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController } from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import { answerClientError, answerExpectation } from './client-errors.ts'
import { answerFrameworkError } from './plugins/errors.ts'
import { requestIdOf } from './plugins/request-id.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler itself sees to it that an answer is there by `request.deadline`, whatever happens. */
    readonly meetsDeadline?: boolean
  }
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

/** A server without routes that takes nothing for granted of what a client sends. Logs hold no body and no header. */
export function createServer (log?: LogOptions): FastifyInstance {
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
    trustProxy: false,
    exposeHeadRoutes: false,
    // The guard says it as a problem.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: SLOWEST_REQUEST_MS,
    connectionTimeout: IDLE_SOCKET_MS,
    keepAliveTimeout: 5000,
    maxRequestsPerSocket: 1000,
    http: {
      headersTimeout: 3000, connectionsCheckingInterval: 1000, maxHeaderSize: 16 * 1024, insecureHTTPParser: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, request, reply) => answerFrameworkError(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>()
  server.server.on('checkExpectation', answerExpectation)
  // Not as a default of the server, which no route could leave: for a route that answers by its deadline anyway, the
  // timer and the abort signal of each request would be a tenth of its time on the HTTP thread.
  server.addHook('onRoute', (route) => {
    if (route.config?.meetsDeadline !== true) route.handlerTimeout ??= HANDLER_MS
  })
  return server
}
