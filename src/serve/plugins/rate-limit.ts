import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import type { Metrics } from '../metrics.ts'

export interface RateLimitOptions {
  /** Requests a minute of one caller: of all routes that need a key, and of posts of items. 0: as many as come. */
  readonly perMinute: number
  readonly itemsPerMinute: number
  readonly metrics: Pick<Metrics, 'refused'>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Dear enough to be counted on its own. */
    readonly costly?: boolean
  }
}

const MINUTE_MS = 60_000

/**
 * How much one caller may send: by key, or by address where there are no keys. Beyond it: 429 `rate_limited`, which is
 * the caller's doing, where 503 `overloaded` is ours. Counted in this process; what is open to everybody never is.
 */
export const limitRate = fp(async (app: FastifyInstance, { perMinute, itemsPerMinute, metrics }: RateLimitOptions) => {
  // Before the plugin's own hook, which reads what this one decides.
  app.addHook('onRoute', (route) => {
    const { scope, costly } = route.config ?? {}
    const max = costly === true ? itemsPerMinute : perMinute
    const isFree = max === 0 || scope === undefined || scope === 'open' || scope === 'metrics'
    if (isFree) route.config = { ...route.config, rateLimit: false }
    else if (costly === true) route.config = { ...route.config, rateLimit: { max } }
  })
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: MINUTE_MS,
    enableDraftSpec: true,
    keyGenerator: ({ apiKey, ip }) => apiKey === undefined ? `address ${ip}` : `key ${apiKey.name}`,
    onExceeded: () => metrics.refused.inc({ reason: 'rate_limited' }),
    errorResponseBuilder: () => new IsthmusError('rate_limited', 'more requests than this caller may send'),
  })
}, { name: 'limit-rate' })
