import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { IsthmusError, refuseSetting } from '../errors.ts'
import { packageRoot } from '../paths.ts'
import { isLoopback } from './loopback.ts'
import { parseRedisUrl, type RedisAddress } from './redis-url.ts'
import { type ApiKey, parseKeys } from './api-keys.ts'
import { CHOICES, INTEGERS, TEXTS } from './service-variables.ts'
import { parseTrustedProxies } from './trusted-proxies.ts'

/** Everything an operator may set, checked once, before anything starts. */
export interface ServiceConfig {
  /** A bundle: models/<name>, or one version below it. */
  readonly bundle: string
  /** Where the journal lies; undefined: data/<name of the bundle> in the working directory. */
  readonly dataDir: string | undefined
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Where /metrics answers; undefined: beside everything else. */
  readonly metricsPort: number | undefined
  /** Who may call; none: everybody who can reach the service. */
  readonly keys: readonly ApiKey[]
  /** Addresses and networks whose word for a caller's address counts. */
  readonly trustedProxies: readonly string[]
  /** What instances share; undefined: this one is alone. */
  readonly redis: RedisSettings | undefined
  readonly provider: 'auto' | 'cuda' | 'cpu'
  readonly retrieval: 'auto' | 'exact' | 'hnsw' | 'cluster' | 'hybrid'
  readonly logLevel: typeof CHOICES.LOG_LEVEL.of[number]
  /** Milliseconds a request has unless it says otherwise. */
  readonly requestTimeoutMs: number
  readonly maxInFlight: number
  /** What one caller may send in a minute: in all, and posts of items. 0: as much as comes. */
  readonly requestsPerMinute: number
  readonly itemsPerMinute: number
  /** Tokens that an endpoint of embeddings may be sent in one day (UTC), as estimated. 0: as many as come. */
  readonly embedTokensPerDay: number
  /** Milliseconds that a request may have waited until the event loop reads it; beyond, it is refused unread. */
  readonly maxLoopDelayMs: number
  /** User vectors that the engine keeps for histories that come again; 0: none. */
  readonly userCache: number
  /** Who gets spans of requests and their stages. */
  readonly tracing: 'off' | 'otel'
  /** Calls that may wait for the engine. */
  readonly maxWaiting: number
  /** Whether posted items may open domains that the bundle does not have. */
  readonly openDomains: boolean
  /** Whether there is the page at `/`, and what it asks for. */
  readonly playground: boolean
  /** Milliseconds between two looks at what CURRENT names; 0: nobody looks, and models change by request alone. */
  readonly modelWatchMs: number
  /** Between "not ready" and the end of listening, for a load balancer to notice; then until the process gives up. */
  readonly shutdownDelayMs: number
  readonly shutdownTimeoutMs: number
}

export interface RedisSettings {
  readonly address: RedisAddress
  /** Of what shares histories and items; undefined: the name of the bundle. */
  readonly namespace?: string
  /** How long a recommendation waits for a history, in milliseconds. */
  readonly timeoutMs: number
}

type Name = keyof typeof INTEGERS | keyof typeof CHOICES | keyof typeof TEXTS

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the service's settings; a flag (`port` for PORT) wins over its variable.
 * Fails with `config_invalid`, and the variable's name, on a value that is none.
 */
export function serviceConfig (env: Environment, flags: Environment = {}): ServiceConfig {
  const read = (name: Name): string | undefined => {
    const value = flags[name.toLowerCase().replaceAll('_', '-')] ?? env[name]
    return value === undefined || value.trim() === '' ? undefined : value.trim()
  }
  const integer = (name: keyof typeof INTEGERS): number => {
    const { least, most, default: otherwise } = INTEGERS[name]
    return wholeNumber(name, read(name), least, most) ?? otherwise
  }
  const choice = <N extends keyof typeof CHOICES>(name: N): typeof CHOICES[N]['of'][number] => {
    const { of, default: otherwise } = CHOICES[name]
    const value = read(name) ?? otherwise
    const words: ReadonlyArray<typeof CHOICES[N]['of'][number]> = of
    return words.find((one) => one === value) ?? refuseSetting(name, `is one of ${of.join(', ')}`)
  }
  const dataDir = read('DATA_DIR')
  const redisUrl = read('REDIS_URL')
  const allowInsecure = choice('ALLOW_INSECURE_REDIS') === '1'
  const namespace = read('REDIS_NAMESPACE')
  const host = read('HOST') ?? TEXTS.HOST.default
  const keys = [...parseKeys(read('API_KEYS') ?? '', 'API_KEYS'), ...keysOfFile(read('API_KEYS_FILE'))]
  if (keys.length === 0 && !isLoopback(host) && choice('ALLOW_NO_KEYS') === '0') {
    refuseSetting('API_KEYS', `is not set, and ${host} may be reached from elsewhere; npm run new-key makes one, ` +
      'and ALLOW_NO_KEYS=1 lets everybody in')
  }
  const retrieval = choice('RETRIEVAL')
  if (retrieval === 'cluster' && redisUrl === undefined) {
    refuseSetting('RETRIEVAL', 'is cluster, and REDIS_URL is not set')
  }
  return {
    bundle: resolve(read('BUNDLE') ?? join(packageRoot, TEXTS.BUNDLE.default)),
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
    host,
    port: integer('PORT'),
    metricsPort: wholeNumber('METRICS_PORT', read('METRICS_PORT'), INTEGERS.PORT.least, INTEGERS.PORT.most),
    keys,
    trustedProxies: parseTrustedProxies(read('TRUST_PROXY') ?? '', 'TRUST_PROXY'),
    redis: redisUrl === undefined
      ? undefined
      : {
          address: parseRedisUrl(redisUrl, 'REDIS_URL', { allowInsecure }),
          timeoutMs: integer('REDIS_TIMEOUT_MS'),
          ...(namespace === undefined ? {} : { namespace }),
        },
    provider: choice('ORT_PROVIDER'),
    retrieval,
    logLevel: choice('LOG_LEVEL'),
    requestTimeoutMs: integer('REQUEST_TIMEOUT_MS'),
    maxInFlight: integer('MAX_IN_FLIGHT'),
    requestsPerMinute: integer('RATE_LIMIT'),
    itemsPerMinute: integer('RATE_LIMIT_ITEMS'),
    embedTokensPerDay: integer('EMBED_TOKENS_PER_DAY'),
    maxLoopDelayMs: integer('MAX_LOOP_DELAY_MS'),
    userCache: integer('USER_CACHE'),
    tracing: choice('TRACING'),
    maxWaiting: integer('ENGINE_QUEUE'),
    openDomains: choice('OPEN_DOMAINS') === '1',
    playground: choice('PLAYGROUND') === '1',
    modelWatchMs: integer('MODEL_WATCH_MS'),
    shutdownDelayMs: integer('SHUTDOWN_DELAY_MS'),
    shutdownTimeoutMs: integer('SHUTDOWN_TIMEOUT_MS'),
  }
}

function keysOfFile (path: string | undefined): ApiKey[] {
  if (path === undefined) return []
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new IsthmusError('config_invalid', 'API_KEYS_FILE cannot be read', { cause, place: { field: 'API_KEYS_FILE' } })
  }
  const keys = parseKeys(text, 'API_KEYS_FILE')
  return keys.length > 0 ? keys : refuseSetting('API_KEYS_FILE', 'holds no key')
}

function wholeNumber (name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  return value >= min && value <= max ? value : refuseSetting(name, `is a whole number from ${min} to ${max}`)
}
