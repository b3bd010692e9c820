import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Engine } from '../../recommend/engine.ts'
import type { Metrics } from '../metrics.ts'
import { problems } from '../schemas.ts'

export interface MetricsRouteOptions {
  readonly engine: Pick<Engine, 'model' | 'domains' | 'status'>
  readonly metrics: Metrics
  /** Posted items that wait for their text embedding. */
  readonly pendingItems: () => number
  /** Milliseconds by which the event loop is late. */
  readonly loopDelay: () => number
}

/** GET /metrics. Gauges are read when they are asked for, from what this thread knows: a scrape asks nobody. */
export const metricsRoute: FastifyPluginAsyncTypebox<MetricsRouteOptions> = async (app, options) => {
  const { engine, metrics, pendingItems, loopDelay } = options
  let running: Promise<string> | undefined

  const scrape = async (): Promise<string> => {
    const { provider, items, retrieval, searched = {}, tail, queueDepth } = engine.status()
    metrics.queueDepth.set(queueDepth)
    metrics.pendingItems.set(pendingItems())
    metrics.eventLoopDelay.set(loopDelay() / 1000)
    // Another model may lead by now: what was said of the one before is no longer so.
    metrics.modelInfo.reset()
    metrics.engineItems.reset()
    metrics.indexTail.reset()
    metrics.indexSearches.reset()
    metrics.modelInfo.set({ ...engine.model, provider }, 1)
    for (const domain of engine.domains) {
      metrics.engineItems.set({ domain, retrieval: retrieval[domain] ?? 'none' }, items[domain] ?? 0)
      metrics.indexTail.set({ domain }, tail[domain] ?? 0)
      for (const [by, count] of Object.entries(searched[domain] ?? {})) metrics.indexSearches.inc({ domain, by }, count)
    }
    return await metrics.registry.metrics()
  }

  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      summary: 'For Prometheus',
      tags: ['Operations'],
      response: {
        200: { description: 'Prometheus text format.', content: { 'text/plain': { schema: Type.String() } } },
        ...problems(),
      },
    },
    config: { scope: 'metrics', unguarded: true },
  }, async (_request, reply) => {
    reply.type(metrics.registry.contentType).header('cache-control', 'no-store')
    // Scrapes that come at once share one look.
    running ??= scrape().finally(() => { running = undefined })
    return await running
  })
}
