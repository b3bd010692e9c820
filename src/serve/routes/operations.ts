import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Engine } from '../../recommend/engine.ts'
import type { NewDomains } from '../new-domains.ts'
import { HealthSchema, ProbeSchema, openProblems } from '../schemas.ts'

export interface OperationRoutesOptions {
  readonly engine: Pick<Engine, 'model' | 'domains' | 'openedDomains' | 'status'>
  readonly newDomains: () => NewDomains
  readonly isDraining: () => boolean
  /** Posted items that wait for their text embedding. */
  readonly pendingItems: () => number
  /** Whether the store that instances share answers; undefined where this one is alone. */
  readonly sharedUp?: (() => boolean) | undefined
  /** Whether the latest write failed for a reason of the store's. */
  readonly writesFail: () => boolean
}

/** What the engine is at may take this long; then callers are better sent elsewhere, and later the process ended. */
const STUCK_MS = 5000
const LOST_MS = 30_000

/** Probes: they do no work of their own and answer whatever the load. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperationRoutesOptions> = async (app, options) => {
  const { engine, newDomains, isDraining, pendingItems, sharedUp, writesFail } = options
  const started = performance.now()
  const config = { scope: 'open', unguarded: true } as const
  const tags = ['Operations']

  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'no-store') })

  app.get('/health/live', {
    schema: {
      operationId: 'live',
      summary: 'The process turns, and its engine is not lost in one call',
      tags,
      response: { 200: ProbeSchema, ...openProblems(), 503: ProbeSchema },
    },
    config,
    exposeHeadRoute: true,
  }, async (_request, reply) => {
    if (engine.status().busyMs <= LOST_MS) return { status: 'ok' as const }
    return await reply.code(503).send({ status: 'unavailable' })
  })

  app.get('/health/ready', {
    schema: {
      operationId: 'ready',
      summary: 'Requests are welcome: the model is loaded, its engine moves, and the service is not ending',
      tags,
      response: { 200: ProbeSchema, ...openProblems(), 503: ProbeSchema },
    },
    config,
    exposeHeadRoute: true,
  }, async (_request, reply) => {
    if (!isDraining() && engine.status().busyMs <= STUCK_MS) return { status: 'ok' as const }
    return await reply.code(503).send({ status: 'unavailable' })
  })

  app.get('/health', {
    schema: {
      operationId: 'health', summary: 'What is served, and how', tags, response: { 200: HealthSchema, ...openProblems() },
    },
    config,
    exposeHeadRoute: true,
  }, async (request) => {
    const { provider, items, retrieval, busyMs } = engine.status()
    const isAway = isDraining() || busyMs > STUCK_MS
    const isDegraded = pendingItems() > 0 || writesFail() || sharedUp?.() === false
    const summary = {
      status: isAway ? 'unavailable' as const : isDegraded ? 'degraded' as const : 'ok' as const,
      uptimeSeconds: Math.round(performance.now() - started) / 1000,
    }
    if (request.apiKey === undefined && !request.may('read')) return summary
    return {
      ...summary,
      model: engine.model,
      provider,
      domains: engine.domains.map((domain) => ({
        domain,
        items: items[domain] ?? 0,
        retrieval: retrieval[domain] ?? 'none',
        opened: engine.openedDomains.includes(domain),
      })),
      newDomains: newDomains(),
      pendingItems: pendingItems(),
      writes: writesFail() ? 'failing' as const : 'ok' as const,
      sharedStore: sharedUp === undefined ? 'none' as const : sharedUp() ? 'up' as const : 'down' as const,
    }
  })
}
