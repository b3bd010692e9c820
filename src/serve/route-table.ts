import type { Scope } from '../config/api-keys.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What a key must be allowed for this route; `open`: anybody, without a key. Each route names it: an app with one
     * that does not is not built.
     */
    readonly scope?: RouteScope
  }
}

export type RouteScope = Scope | 'open'

export interface Route { readonly url: string, readonly method: string, readonly scope: RouteScope }

/** What of Fastify's route options is read. Kept by reference: a later hook may still name the scope. */
interface RouteOptions {
  readonly url: string
  readonly method: string | string[]
  readonly config?: { readonly scope?: RouteScope | undefined }
}

/** All routes: which path takes which methods (a wrong one is 405 with `Allow`, not 404), and who may use them. */
export interface RouteTable {
  add: (route: RouteOptions) => void
  /** Methods that the path of `url` takes, sorted; none if the path is unknown. */
  allowed: (url: string) => string[]
  /** Fails where a route has no scope: what nobody has thought about must not be open. */
  all: () => Route[]
}

export function createRouteTable (): RouteTable {
  const table: Array<{ readonly pattern: RegExp, readonly options: RouteOptions }> = []
  return {
    add (options) { table.push({ pattern: toPattern(options.url), options }) },
    allowed (url) {
      const [path = ''] = url.split('?', 1)
      const found = table.filter(({ pattern }) => pattern.test(path))
      return [...new Set(found.flatMap(({ options }) => options.method))].sort()
    },
    all: () => table.flatMap(({ options: { url, method, config: { scope } = {} } }) => {
      if (scope === undefined) throw new Error(`${String(method)} ${url} names no scope`)
      return [method].flat().map((name) => ({ url, method: name, scope }))
    }),
  }
}

function toPattern (url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : part.replace(/[^\w-]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
