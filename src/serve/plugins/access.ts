import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ApiKey, findKey, mayUse } from '../../config/api-keys.ts'
import { IsthmusError } from '../../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { RouteScope } from '../route-table.ts'

export interface AccessOptions {
  readonly keys: readonly ApiKey[]
  /** Where there are no keys: nobody but this machine can reach the service. */
  readonly onLoopback: boolean
  readonly metrics: Pick<Metrics, 'refused'>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The key that the caller showed, if it is one and not revoked. */
    apiKey: ApiKey | undefined
    /** Whether the caller may do this. */
    may: (scope: RouteScope) => boolean
  }
}

export const KEY_HEADER = 'x-api-key'
/** Wrong keys a minute of one address before it is told to wait; so many are no mistake. */
const MOST_FAILURES = 20
const MINUTE_MS = 60_000
/** Ours have 47; what is longer is no key, and not worth a hash. */
const LONGEST_KEY = 256

/**
 * Who may use a route: its scope (route-table.ts), held against the key of `Authorization: Bearer` or `X-API-Key`,
 * before anything of a body is read. All wrong keys get one answer, and an address that shows many is told to wait.
 * Without any keys everything is open, except that what is `admin` or `metrics` is so on loopback alone.
 */
export const access = fp(async (app: FastifyInstance, { keys, onLoopback, metrics }: AccessOptions) => {
  const openScopes: ReadonlySet<RouteScope> = new Set(
    keys.length > 0 ? ['open'] : onLoopback ? ['open', 'read', 'write', 'admin', 'metrics'] : ['open', 'read', 'write']
  )
  const countFailure = app.createRateLimit({ max: MOST_FAILURES, timeWindow: MINUTE_MS, keyGenerator: ({ ip }) => ip })
  app.decorateRequest('apiKey', undefined)
  app.decorateRequest('may', function may (this: FastifyRequest, scope: RouteScope): boolean {
    if (openScopes.has(scope) || scope === 'open') return true
    return this.apiKey !== undefined && mayUse(this.apiKey, scope)
  })

  app.addHook('onRequest', async (request, reply) => {
    const shown = presented(request)
    const found = shown === undefined || keys.length === 0 ? undefined : findKey(keys, shown)
    request.apiKey = found !== undefined && found.scopes.size > 0 ? found : undefined
    // A path without a route, or without this method, is nobody's: it is answered as such.
    if (request.is404 || request.may(request.routeOptions.config.scope ?? 'admin')) return
    if (request.apiKey === undefined && keys.length > 0) {
      metrics.refused.inc({ reason: 'unauthorized' })
      request.log.info({ key: found?.name, ip: request.ip }, 'auth_failed')
      const failures = shown === undefined ? undefined : await countFailure(request)
      if (failures?.isAllowed === false && failures.isExceeded) {
        request.log.warn({ ip: request.ip }, 'auth_bruteforce')
        reply.header('retry-after', failures.ttlInSeconds)
        throw new IsthmusError('rate_limited', 'too many wrong keys')
      }
      reply.header('www-authenticate', 'Bearer')
      throw new IsthmusError('unauthorized', 'no key, or not one of ours')
    }
    metrics.refused.inc({ reason: 'forbidden' })
    request.log.warn({ key: request.apiKey?.name, scope: request.routeOptions.config.scope }, 'scope_denied')
    throw new IsthmusError('forbidden', 'the key lacks the scope of the route')
  })
}, { name: 'access', dependencies: ['limit-rate'] })

/** The key as it came; undefined where there is none, or where it cannot be one, or where two may be meant. */
function presented ({ headers, raw: { rawHeaders } }: FastifyRequest): string | undefined {
  const { authorization, [KEY_HEADER]: own } = headers
  // Node keeps the first of several; what stands before the service may have looked at another.
  const isName = (text: string, i: number): boolean => i % 2 === 0 && text.toLowerCase() === 'authorization'
  if (authorization !== undefined && rawHeaders.filter(isName).length > 1) return undefined
  const key = authorization === undefined ? own : /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  return typeof key === 'string' && key.length <= LONGEST_KEY ? key : undefined
}
