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
}

/** Probes: they do no work of their own and answer whatever the load. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperationRoutesOptions> = async (app, options) => {
  const { engine, newDomains, isDraining, pendingItems, sharedUp } = options
  const started = performance.now()
  const config = { scope: 'open', unguarded: true } as const
  const tags = ['Operations']

  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'no-store') })

  app.get('/health/live', {
    schema: {
      operationId: 'live', summary: 'The process turns', tags, response: { 200: ProbeSchema, ...openProblems() },
    },
    config,
    exposeHeadRoute: true,
  }, async () => ({ status: 'ok' as const }))

  app.get('/health/ready', {
    schema: {
      operationId: 'ready',
      summary: 'Requests are welcome: the model is loaded and the service is not ending',
      tags,
      response: { 200: ProbeSchema, ...openProblems(), 503: ProbeSchema },
    },
    config,
    exposeHeadRoute: true,
  }, async (_request, reply) => {
    if (!isDraining()) return { status: 'ok' as const }
    return await reply.code(503).send({ status: 'unavailable' })
  })

  app.get('/health', {
    schema: {
      operationId: 'health', summary: 'What is served, and how', tags, response: { 200: HealthSchema, ...openProblems() },
    },
    config,
    exposeHeadRoute: true,
  }, async () => {
    const { provider, items, retrieval } = engine.status()
    const isDegraded = pendingItems() > 0 || sharedUp?.() === false
    return {
      status: isDraining() ? 'unavailable' as const : isDegraded ? 'degraded' as const : 'ok' as const,
      uptimeSeconds: Math.round(performance.now() - started) / 1000,
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
      sharedStore: sharedUp === undefined ? 'none' as const : sharedUp() ? 'up' as const : 'down' as const,
    }
  })
}
