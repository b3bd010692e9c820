/** Which path takes which methods, so that a wrong method is 405 with `Allow` and not 404. */
export interface RouteTable {
  add: (url: string, method: string | string[]) => void
  /** Methods that the path of `url` takes, sorted; none if the path is unknown. */
  allowed: (url: string) => string[]
}

export function createRouteTable (): RouteTable {
  const table = new Map<string, { readonly pattern: RegExp, readonly methods: Set<string> }>()
  return {
    add (url, method) {
      const known = table.get(url) ?? { pattern: toPattern(url), methods: new Set() }
      for (const name of [method].flat()) known.methods.add(name)
      table.set(url, known)
    },
    allowed (url) {
      const [path = ''] = url.split('?', 1)
      const found = [...table.values()].filter(({ pattern }) => pattern.test(path))
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
    },
  }
}

function toPattern (url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : part.replace(/[^\w-]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
