import type { FastifyInstance } from 'fastify'
import type { ApiKey } from '../config/api-keys.ts'
import { IsthmusError } from '../errors.ts'
import { leadEngine } from '../recommend/lead-engine.ts'
import type { ModelPool } from '../recommend/model-pool.ts'
import { createRecommend } from '../recommend/recommend.ts'
import type { Store } from '../state/stores.ts'
import { createCatalogue } from './catalogue.ts'
import type { Catalogue } from './catalogue.ts'
import { createServer } from './create-server.ts'
import { createEventJournal } from './event-journal.ts'
import { createItemModels } from './item-models.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { createModelLife, type ModelLife, type ModelLifeDeps } from './models/life-cycle.ts'
import type { LoadedModel } from './models/open-model.ts'
import { choiceOf } from './follow-peers.ts'
import { createMetrics } from './metrics.ts'
import { createDomainQuota, domainBringer, type NewDomains } from './new-domains.ts'
import type { Metrics } from './metrics.ts'
import { access } from './plugins/access.ts'
import { arrival } from './plugins/arrival.ts'
import type { Arrivals } from './arrivals.ts'
import { body } from './plugins/body.ts'
import { deadline } from './plugins/deadline.ts'
import { docs } from './plugins/docs.ts'
import { errors } from './plugins/errors.ts'
import { gate } from './plugins/gate.ts'
import { guard } from './plugins/guard.ts'
import { observe } from './plugins/observe.ts'
import { trace, type TracingApi } from './plugins/trace.ts'
import { limitRate } from './plugins/rate-limit.ts'
import { requestId } from './plugins/request-id.ts'
import { eventRoutes } from './routes/events.ts'
import { itemRoutes } from './routes/items.ts'
import { modelRoutes } from './routes/models.ts'
import { metricsRoute } from './routes/metrics.ts'
import { operationRoutes } from './routes/operations.ts'
import { page } from './routes/page.ts'
import { playgroundRoutes } from './routes/playground.ts'
import { recommendRoutes } from './routes/recommend.ts'
import { similarRoutes } from './routes/similar.ts'
import { userRoutes } from './routes/users.ts'
import { watchWrites } from './watch-writes.ts'

export interface AppLimits {
  /** Milliseconds that a request has unless it says otherwise. */
  readonly requestTimeoutMs: number
  /** How long a body may take to arrive, in milliseconds. */
  readonly bodyWithinMs: number
  /** Requests in work at once; and posts of items, which may hold the text embedder for long. */
  readonly maxInFlight: number
  readonly maxItemPosts: number
  /** Milliseconds that a request may have waited to be read, at most half of its time; beyond it is turned away. */
  readonly maxLoopDelayMs: number
  /** What one caller may send in a minute: in all, and posts of items. 0: as much as comes. */
  readonly requestsPerMinute: number
  readonly itemsPerMinute: number
  /** How long a post of items waits for their embeddings before they are stored as pending, in milliseconds. */
  readonly embedWithinMs: number
}

export const LIMITS: AppLimits = {
  requestTimeoutMs: 250,
  bodyWithinMs: 5000,
  maxInFlight: 256,
  maxItemPosts: 16,
  maxLoopDelayMs: 100,
  requestsPerMinute: 0,
  itemsPerMinute: 0,
  embedWithinMs: 800,
}

export interface AppDeps {
  readonly version: string
  /** The models that answer, at first one with all users. */
  readonly models: ModelPool<LoadedModel>
  /** How other versions come; unless given, there is this one. */
  readonly versions?: Pick<ModelLifeDeps, 'root' | 'tryVersion' | 'open'>
  readonly store: Store
  /** One without routes, where its log is wanted before the app is built. */
  readonly server?: FastifyInstance
  readonly limits?: Partial<AppLimits>
  /** None: everything is open, but what is `admin` or `metrics` on loopback alone. */
  readonly keys?: readonly ApiKey[]
  readonly onLoopback?: boolean
  readonly metrics?: Metrics
  /** Unix milliseconds. */
  readonly now?: () => number
  /** Milliseconds by which the event loop is late. */
  readonly loopDelay?: () => number
  /** When what is read now arrived; unless given, just now, and nobody is turned away at the door. */
  readonly arrivals?: Arrivals
  readonly isDraining?: () => boolean
  /** Whether the store that instances share answers; unless given, this one is alone. */
  readonly sharedUp?: () => boolean
  /** Whether posted items may open domains that the models do not have; unless given, they may not. */
  readonly openDomains?: boolean
  /** Who gets spans; unless given, nobody. */
  readonly tracing?: TracingApi
  /** False: no page at `/`, and nothing of what it alone asks for. */
  readonly playground?: boolean
  /** False where /metrics has a port of its own. */
  readonly withMetrics?: boolean
}

export interface App {
  readonly server: FastifyInstance
  readonly catalogue: Catalogue
  readonly life: ModelLife
}

const ONE_VERSION: NonNullable<AppDeps['versions']> = {
  root: undefined,
  tryVersion: async () => {},
  open: async () => { throw new IsthmusError('models_fixed', 'there is one version') },
}

/** Builds the service from what it needs and opens nothing: tests inject requests, `server.ts` listens. */
export async function buildApp (deps: AppDeps): Promise<App> {
  const { models, versions = ONE_VERSION, now = Date.now, loopDelay = () => 0, isDraining = () => false } = deps
  const limits = { ...LIMITS, ...deps.limits }
  const { store, isFailing: writesFail } = watchWrites(deps.store)
  const metrics = deps.metrics ?? createMetrics()
  const app = deps.server ?? createServer()

  const engine = leadEngine(models)
  const locks = createKeyedLock()
  const openDomains = deps.openDomains === true
  const itemModels = createItemModels(
    { store, locks, bring: domainBringer(openDomains) }, models.lead, models.lead.pending)
  const newDomains = (): NewDomains => !openDomains ? 'off' : itemModels.opensDomains ? 'on' : 'unsupported'
  const catalogue = createCatalogue({
    models: itemModels,
    store,
    locks,
    quota: createDomainQuota(() => itemModels.lead.engine),
    log: app.log,
    now,
    embedWithinMs: limits.embedWithinMs,
    onEmbedded: (result, items) => metrics.embeddings.inc({ result }, items),
  })
  const life = createModelLife({
    ...versions,
    pool: models,
    itemModels,
    catalogue,
    onSwap: (selection, from) => {
      if (from !== 'caller') return
      store.chooseModel(choiceOf(engine.model.name, selection))
        .catch((err: unknown) => { app.log.warn({ err }, 'other instances were not told of the model') })
    },
    onReload: (result, reason) => metrics.reloads.inc({ result, reason }),
    log: app.log,
  })
  const recommend = createRecommend({
    take: models.take,
    store,
    onStage: (stage, ms) => metrics.stageSeconds.observe({ stage }, ms / 1000),
  })
  const takeEvents = createEventJournal({ store, engine, now })
  const pendingItems = (): number => catalogue.pending

  const inWork = { all: 0 }
  if (deps.arrivals !== undefined) {
    await app.register(gate, {
      engine,
      metrics,
      arrivals: deps.arrivals,
      inWork,
      maxInFlight: limits.maxInFlight,
      defaultMs: limits.requestTimeoutMs,
      mostWaitMs: limits.maxLoopDelayMs,
    })
  }
  await app.register(errors)
  await app.register(requestId)
  await app.register(trace, { api: deps.tracing })
  await app.register(observe, { metrics })
  await app.register(limitRate, {
    perMinute: limits.requestsPerMinute, itemsPerMinute: limits.itemsPerMinute, metrics,
  })
  await app.register(access, { keys: deps.keys ?? [], onLoopback: deps.onLoopback ?? true, metrics })
  await app.register(guard, { metrics, inWork, maxInFlight: limits.maxInFlight, isDraining })
  await app.register(deadline, { defaultMs: limits.requestTimeoutMs })
  await app.register(arrival, { withinMs: limits.bodyWithinMs })
  await app.register(body)
  await app.register(docs, { version: deps.version })
  await app.register(recommendRoutes, { recommend, engine, metrics })
  await app.register(similarRoutes, { take: models.take })
  await app.register(itemRoutes, { catalogue, engine, newDomains, metrics, maxPosts: limits.maxItemPosts })
  await app.register(eventRoutes, { takeEvents, metrics })
  await app.register(userRoutes, { store })
  await app.register(modelRoutes, { life, root: versions.root })
  await app.register(operationRoutes, {
    engine, newDomains, isDraining, pendingItems, sharedUp: deps.sharedUp, writesFail,
  })
  if (deps.withMetrics !== false) await app.register(metricsRoute, { engine, metrics, pendingItems, loopDelay })
  if (deps.playground !== false) {
    const keyless = (deps.keys ?? []).length === 0
    await app.register(playgroundRoutes, { engine, writesWithoutKey: keyless && (deps.onLoopback ?? true) })
    await app.register(page)
  }
  await app.ready()
  return { server: app, catalogue, life }
}
