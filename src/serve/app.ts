import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyError, FastifyInstance } from 'fastify'
import type { TextEmbedder } from '../llm/embedder.ts'
import type { Engine } from '../recommend/engine.ts'
import { readPopular } from '../recommend/popular.ts'
import { createRecommend } from '../recommend/recommend.ts'
import type { Store } from '../state/stores.ts'
import { createCatalogue } from './catalogue.ts'
import type { Catalogue, CatalogueDeps } from './catalogue.ts'
import { answerClientError } from './client-errors.ts'
import { createEventJournal } from './event-journal.ts'
import { createMetrics } from './metrics.ts'
import type { Metrics } from './metrics.ts'
import { body } from './plugins/body.ts'
import { deadline } from './plugins/deadline.ts'
import { docs } from './plugins/docs.ts'
import { answerFrameworkError, errors } from './plugins/errors.ts'
import { guard } from './plugins/guard.ts'
import { observe } from './plugins/observe.ts'
import { requestId, requestIdOf } from './plugins/request-id.ts'
import { eventRoutes } from './routes/events.ts'
import { itemRoutes } from './routes/items.ts'
import { metricsRoute } from './routes/metrics.ts'
import { operationRoutes } from './routes/operations.ts'
import { page } from './routes/page.ts'
import { recommendRoutes } from './routes/recommend.ts'
import { similarRoutes } from './routes/similar.ts'
import { userRoutes } from './routes/users.ts'

export interface AppLimits {
  /** Milliseconds that a request has unless it says otherwise. */
  readonly requestTimeoutMs: number
  /** Requests in work at once; and posts of items, which may hold the text embedder for long. */
  readonly maxInFlight: number
  readonly maxItemPosts: number
  /** Milliseconds by which the event loop may be late before requests are refused. */
  readonly maxLoopDelayMs: number
  /** How long a post of items waits for their embeddings before they are stored as pending, in milliseconds. */
  readonly embedWithinMs: number
}

export const LIMITS: AppLimits = {
  requestTimeoutMs: 250, maxInFlight: 256, maxItemPosts: 16, maxLoopDelayMs: 50, embedWithinMs: 800,
}

export interface AppDeps {
  readonly version: string
  readonly engine: Engine
  readonly store: Store
  /** Of the bundle's embedder id; fails where there is none. */
  readonly embedder: Pick<TextEmbedder, 'embed'>
  readonly itemText: CatalogueDeps['itemText']
  readonly logger?: FastifyBaseLogger
  readonly limits?: Partial<AppLimits>
  readonly metrics?: Metrics
  /** Posted items that were found in the store without an embedding. */
  readonly pendingItems?: readonly string[]
  /** Unix milliseconds. */
  readonly now?: () => number
  /** Milliseconds by which the event loop is late. */
  readonly loopDelay?: () => number
  readonly isDraining?: () => boolean
  /** False where /metrics has a port of its own. */
  readonly withMetrics?: boolean
}

export interface App {
  readonly server: FastifyInstance
  readonly catalogue: Catalogue
}

/** A time long enough for any answer, or for an upload that comes slowly but steadily. */
const SLOWEST_REQUEST_MS = 600_000

/** Builds the service from what it needs and opens nothing: tests inject requests, `server.ts` listens. */
export async function buildApp (deps: AppDeps): Promise<App> {
  const { engine, store, embedder, itemText, now = Date.now, loopDelay = () => 0, isDraining = () => false } = deps
  const limits = { ...LIMITS, ...deps.limits }
  const metrics = deps.metrics ?? createMetrics()
  const app = createServer(deps.logger)

  const popular = await readPopular(engine)
  const catalogue = createCatalogue({
    engine,
    store,
    popular,
    embedder,
    itemText,
    log: app.log,
    now,
    embedWithinMs: limits.embedWithinMs,
    onEmbedded: (result, items) => metrics.embeddings.inc({ result }, items),
  }, deps.pendingItems)
  const recommend = createRecommend({
    engine,
    store,
    popular,
    embedText: async (text, signal) => await embedder.embed([text], { signal }),
    onStage: (stage, ms) => metrics.stageSeconds.observe({ stage }, ms / 1000),
  })
  const takeEvents = createEventJournal({ store, engine, now })
  const pendingItems = (): number => catalogue.pending

  await app.register(errors)
  await app.register(requestId)
  await app.register(observe, { metrics })
  await app.register(guard, {
    metrics, maxInFlight: limits.maxInFlight, loopDelay, maxLoopDelayMs: limits.maxLoopDelayMs, isDraining,
  })
  await app.register(deadline, { defaultMs: limits.requestTimeoutMs })
  await app.register(body)
  await app.register(docs, { version: deps.version })
  await app.register(recommendRoutes, { recommend, domains: engine.domains, metrics })
  await app.register(similarRoutes, { engine })
  await app.register(itemRoutes, { catalogue, engine, metrics, maxPosts: limits.maxItemPosts })
  await app.register(eventRoutes, { takeEvents, metrics })
  await app.register(userRoutes, { store })
  await app.register(operationRoutes, { engine, isDraining, pendingItems })
  if (deps.withMetrics !== false) await app.register(metricsRoute, { engine, metrics, pendingItems, loopDelay })
  await app.register(page)
  await app.ready()
  return { server: app, catalogue }
}

function createServer (logger: FastifyBaseLogger | undefined): FastifyInstance {
  return Fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
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
    handlerTimeout: 1000,
    requestTimeout: SLOWEST_REQUEST_MS,
    connectionTimeout: 30_000,
    keepAliveTimeout: 5000,
    maxRequestsPerSocket: 1000,
    http: {
      headersTimeout: 3000, connectionsCheckingInterval: 1000, maxHeaderSize: 16 * 1024, insecureHTTPParser: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, request, reply) => answerFrameworkError(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>()
}
