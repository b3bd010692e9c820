import { refuseSetting } from '../errors.ts'
import { isLoopback } from './loopback.ts'

/** Where a Redis is, and how to be let in. Never logged: it holds passwords. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** One server; the sentinels; or some nodes of the cluster. */
  readonly hosts: ReadonlyArray<{ readonly host: string, readonly port: number }>
  readonly tls: boolean
  readonly username?: string
  readonly password?: string
  readonly sentinelPassword?: string
  readonly db: number
  /** What the sentinels call the master. */
  readonly master?: string
}

const URL_FORM = /^(rediss?)(\+sentinel|\+cluster)?:\/\/(?:([^:@/]*):([^@/]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/
const HOST_FORM = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `redis+sentinel://…@host:port,host:port/master[/db][?sentinelPassword=…]`
 * or `redis+cluster://…@host:port,host:port`; `rediss` for TLS. User and password are percent-encoded. Fails with
 * `config_invalid`, and without the value, where it is none of these, and where it leads beyond this machine without
 * both TLS and a password, unless that is allowed.
 */
export function parseRedisUrl (url: string, field: string, { allowInsecure = false } = {}): RedisAddress {
  const refuse = (what: string): never => refuseSetting(field, what)
  const match = URL_FORM.exec(url)
  if (match === null) {
    return refuse('is redis://host:port, redis+sentinel://host:port,…/master or redis+cluster://host:port,…, or rediss')
  }
  const [, scheme, suffix = '', user = '', secret = '', list = '', path = '', query = ''] = match
  const kind = suffix === '' ? 'single' : suffix === '+sentinel' ? 'sentinel' : 'cluster'
  const hosts = list.split(',').map((text) => parseHost(text, kind) ?? refuse('names hosts as host:port, with commas'))
  if (kind === 'single' && hosts.length > 1) refuse('names one host, unless it is redis+sentinel or redis+cluster')
  const tls = scheme === 'rediss'
  const [first = '', second] = path.split('/')
  const db = parseDb(kind === 'sentinel' ? second ?? '' : first) ?? refuse('ends with the number of a database')
  if (kind === 'cluster' && db !== 0) refuse('has no database in a cluster')
  if (kind === 'sentinel' && first === '') refuse('names the master after the sentinels: …/mymaster')
  const [username, password] = [user, secret].map((text) => decode(text) ?? refuse('is not percent-encoded'))
  const sentinelPassword = new URLSearchParams(query).get('sentinelPassword') ?? ''
  if (!allowInsecure && !(tls && password !== '') && !hosts.every(({ host }) => isLoopback(host))) {
    refuse('leads to another machine without TLS and a password; ALLOW_INSECURE_REDIS=1 allows it')
  }
  return {
    kind,
    hosts,
    tls,
    db,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(sentinelPassword === '' ? {} : { sentinelPassword }),
    ...(kind === 'sentinel' ? { master: first } : {}),
  }
}

function parseHost (text: string, kind: RedisAddress['kind']): { host: string, port: number } | undefined {
  const [, host, port = kind === 'sentinel' ? '26379' : '6379'] = HOST_FORM.exec(text) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function parseDb (text: string): number | undefined {
  return /^\d{0,4}$/.test(text) ? Number(text) : undefined
}

function decode (text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone percent sign.
    return undefined
  }
}
