import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { openBundle } from '../bundle/open.ts'
import { newKey, parseKeys } from '../config/api-keys.ts'
import { isLoopback } from '../config/loopback.ts'
import type { Environment, ServiceConfig } from '../config/service-config.ts'
import { IsthmusError } from '../errors.ts'
import { packageRoot } from '../paths.ts'
import { leadEngine } from '../recommend/lead-engine.ts'
import { acceptMore } from './accept-more.ts'
import { buildApp } from './app.ts'
import { watchArrivals } from './arrivals.ts'
import { examplesOf } from './bundle-facts.ts'
import { createServer, type LogOptions } from './create-server.ts'
import { notePeers } from './follow-peers.ts'
import { createMetrics, observeProcess, watchLoopDelay } from './metrics.ts'
import { openModelFolder } from './models/select.ts'
import { startModels } from './models/start-models.ts'
import { watchSelection } from './models/watch.ts'
import { access, KEY_HEADER } from './plugins/access.ts'
import { errors } from './plugins/errors.ts'
import { loadTracing } from './plugins/trace.ts'
import { limitRate } from './plugins/rate-limit.ts'
import { requestId } from './plugins/request-id.ts'
import { openState } from './open-state.ts'
import { retryPending } from './retry-pending.ts'
import { metricsRoute } from './routes/metrics.ts'
import { observeShared } from './shared-metrics.ts'

export interface RunningService {
  /** Where it answers, e.g. `http://127.0.0.1:3000`. */
  readonly address: string
  readonly model: { readonly name: string, readonly version: string }
  /** True where the data is made up. */
  readonly generated: boolean
  readonly domains: readonly string[]
  readonly dataDir: string
  /** Whether there is a page at `/`. */
  readonly playground: boolean
  /** What an operator should know is absent, a line each. */
  readonly missing: readonly string[]
  readonly examples: { readonly userId: string | undefined, readonly itemIds: readonly string[] }
  /** Stops taking requests, lets those in work finish, and closes everything. */
  close: () => Promise<void>
}

/**
 * Wires the drivers and listens: bundle, store, text worker, engine worker. Resolves when requests can be answered.
 * Whatever was opened is closed again where a later step fails.
 */
export async function startService (config: ServiceConfig, env: Environment, log: LogOptions): Promise<RunningService> {
  const opened: Array<() => Promise<unknown> | void> = []
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    return await start(config, env, log, opened, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function start (
  config: ServiceConfig, env: Environment, logOptions: LogOptions,
  opened: Array<() => Promise<unknown> | void>, closeAll: () => Promise<void>
): Promise<RunningService> {
  const tracing = config.tracing === 'otel' ? await loadTracing() : undefined
  const server = createServer(logOptions, config.trustedProxies)
  const { log } = server
  const folder = await openModelFolder(config.bundle)
  const { manifest } = await openBundle(config.bundle, { verify: 'on-read' })
  const dataDir = config.dataDir ?? join(process.cwd(), 'data', manifest.name)

  const { store, shared } = await openState(config, dataDir, manifest.name, log)
  opened.push(async () => await store.close())
  const peers = shared && notePeers(shared, log)

  const metrics = createMetrics()
  const { lead, pool: models, versions } = await startModels({ config, env, folder, store, log, metrics })
  opened.push(async () => { for (const { model } of models.shares) await model.close() })
  const engine = leadEngine(models)

  const loop = watchLoopDelay()
  opened.push(() => loop.close())
  observeProcess(metrics)
  if (shared !== undefined) observeShared(metrics, shared.status)
  let draining = false
  // The warm-up is a caller like any other: it brings a key that nobody else ever sees.
  const warmUpKey = newKey('warm-up', 'read')
  const keys = config.keys.length === 0 ? [] : [...config.keys, ...parseKeys(warmUpKey.entry, 'API_KEYS')]
  const ownPort = config.metricsPort !== undefined
  const app = await buildApp({
    version: await packageVersion(),
    models,
    versions,
    store,
    server,
    limits: {
      requestTimeoutMs: config.requestTimeoutMs,
      maxInFlight: config.maxInFlight,
      maxLoopDelayMs: config.maxLoopDelayMs,
      requestsPerMinute: config.requestsPerMinute,
      itemsPerMinute: config.itemsPerMinute,
    },
    metrics,
    loopDelay: loop.sustained,
    arrivals: watchArrivals(),
    isDraining: () => draining,
    ...(shared === undefined ? {} : { sharedUp: () => shared.status().up }),
    openDomains: config.openDomains,
    ...(tracing === undefined ? {} : { tracing }),
    withMetrics: !ownPort,
    playground: config.playground,
    keys,
    onLoopback: isLoopback(config.host),
  })
  peers?.follow({ name: manifest.name, catalogue: app.catalogue, life: app.life })
  const stopping = new AbortController()
  const background = [retryPending(app.catalogue, log, stopping.signal)]
  if (folder !== undefined && config.modelWatchMs > 0) {
    background.push(watchSelection({
      root: folder.root, mark: folder.mark, everyMs: config.modelWatchMs, life: app.life, signal: stopping.signal,
    }))
  }
  opened.push(async () => {
    stopping.abort()
    await Promise.all([app.life.close(), ...background])
  })
  if (config.metricsPort !== undefined) {
    const own = createServer(logOptions, config.trustedProxies)
    opened.push(async () => await own.close())
    await own.register(errors)
    await own.register(requestId)
    await own.register(limitRate, { perMinute: 0, itemsPerMinute: 0, metrics })
    await own.register(access, { keys, onLoopback: isLoopback(config.host), metrics })
    await own.register(metricsRoute, {
      engine, metrics, pendingItems: () => app.catalogue.pending, loopDelay: loop.sustained,
    })
    await listen(own, config.host, config.metricsPort, 'METRICS_PORT')
  }
  let acceptNoMore = async (): Promise<void> => {}
  opened.push(async () => {
    const ended = acceptNoMore()
    await server.close()
    await ended
  })
  const examples = await examplesOf(lead.bundle)
  await warmUp(server, warmUpKey.key, lead.engine.domains, examples.itemIds)
  metrics.registry.resetMetrics()
  metrics.engineUp.set(1)
  const address = await listen(server, config.host, config.port, 'PORT')
  try {
    acceptNoMore = await acceptMore(server.server, { more: ACCEPTED_MORE, backlog: BACKLOG })
  } catch (err) {
    log.warn({ err }, 'a turn of the event loop accepts one connection alone: under load new ones will wait')
  }
  const missing = [...lead.missing]
  if (config.openDomains && !lead.engine.opensDomains) {
    missing.push(`new domains: ${manifest.system} answers for its own alone, whatever OPEN_DOMAINS says (llm-recg takes more)`)
  }
  if (config.keys.length === 0) {
    missing.push(isLoopback(config.host)
      ? 'API keys: none; this machine alone can call, and all of it may (npm run new-key)'
      : `API keys: none, as ALLOW_NO_KEYS asks; whoever reaches ${config.host} may read and write`)
  }

  return {
    address,
    model: engine.model,
    generated: manifest.generated === true,
    domains: lead.engine.domains,
    dataDir,
    playground: config.playground,
    missing,
    examples,
    async close () {
      draining = true
      await setTimeout(config.shutdownDelayMs)
      await closeAll()
    },
  }
}

/** Connections that may wait to be accepted: beyond it the kernel drops them, and callers try again a second later. */
const BACKLOG = 4096
/** Connections accepted in a turn of the event loop besides one: enough for a thousand a second under full load. */
const ACCEPTED_MORE = 15

/** Listens, or fails with `config_invalid` where the address is another's, or not ours to take. Gives the address. */
async function listen (server: FastifyInstance, host: string, port: number, field: string): Promise<string> {
  try {
    return await server.listen({ host, port, backlog: BACKLOG })
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new IsthmusError('config_invalid', `${field} ${port} at ${host} cannot be listened on (${why}); choose another`, {
      place: { field }, cause,
    })
  }
}

/** The first callers must not wait while code is compiled: their deadline is a quarter of a second. */
async function warmUp (
  server: FastifyInstance, key: string, domains: readonly string[], itemIds: readonly string[]
): Promise<void> {
  for (const domain of domains) {
    await server.inject({
      method: 'POST',
      url: '/recommend',
      query: { domain },
      headers: { [KEY_HEADER]: key },
      payload: { history: itemIds.map((itemId) => ({ itemId })) },
    })
  }
}

async function packageVersion (): Promise<string> {
  const text = await readFile(join(packageRoot, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
