interface Variable {
  readonly says: string
  /** `--port` for PORT; it wins over the variable. */
  readonly flag?: true
}

interface IntegerVariable extends Variable {
  readonly default: number
  readonly least: number
  readonly most: number
}

interface ChoiceVariable extends Variable {
  readonly default: string
  readonly of: readonly string[]
}

interface TextVariable extends Variable {
  /** As a reader is told; absent: nothing is taken. */
  readonly default?: string
}

const PORTS = { least: 0, most: 65_535 } as const

/** Variables of the service that are whole numbers. docs/reference/configuration.md is made from this file. */
export const INTEGERS = {
  PORT: { ...PORTS, flag: true, default: 3000, says: 'where it listens; 0 for any free port' },
  REDIS_TIMEOUT_MS: {
    default: 50,
    least: 1,
    most: 5000,
    says: 'how long a recommendation waits for a history; then it is answered from this instance\'s disk, `degraded` ' +
      'with `shared_store_unavailable`',
  },
  REQUEST_TIMEOUT_MS: {
    default: 250, least: 10, most: 5000, says: 'milliseconds a request has unless it says otherwise',
  },
  MAX_IN_FLIGHT: { default: 256, least: 1, most: 100_000, says: 'requests in work before further ones are refused' },
  USER_CACHE: {
    default: 10_000, least: 0, most: 10_000_000, says: 'user vectors kept for histories that come again; 0: none',
  },
  ENGINE_QUEUE: { default: 512, least: 1, most: 100_000, says: 'calls that may wait for the engine' },
  MAX_LOOP_DELAY_MS: {
    default: 100,
    least: 1,
    most: 60_000,
    says: 'how long a request may wait until the event loop reads it, at most half of its time; beyond, it is refused unread',
  },
  RATE_LIMIT: { default: 0, least: 0, most: 100_000_000, says: 'requests a minute of one key, or address; 0: no limit' },
  RATE_LIMIT_ITEMS: { default: 0, least: 0, most: 100_000_000, says: 'the same of `POST /items` alone' },
  EMBED_TOKENS_PER_DAY: {
    default: 0,
    least: 0,
    most: 999_999_999,
    says: 'tokens a day (UTC, estimated) that posted texts may cost at an endpoint of embeddings; 0: no limit',
  },
  MODEL_WATCH_MS: {
    default: 1000,
    least: 0,
    most: 3_600_000,
    says: 'between two looks at what `CURRENT` names; 0: models change by call alone',
  },
  SHUTDOWN_DELAY_MS: {
    default: 0, least: 0, most: 60_000, says: 'between "not ready" and the end of listening, for a load balancer to notice',
  },
  SHUTDOWN_TIMEOUT_MS: { default: 10_000, least: 100, most: 120_000, says: 'until the process gives up what is in work' },
} as const satisfies Readonly<Record<string, IntegerVariable>>

/** Those that are one of a few words. */
export const CHOICES = {
  ALLOW_NO_KEYS: {
    default: '0', of: ['0', '1'], says: '1: beyond loopback without keys; `admin` and `metrics` stay closed',
  },
  ALLOW_INSECURE_REDIS: { default: '0', of: ['0', '1'], says: '1: another machine\'s Redis without TLS and a password' },
  OPEN_DOMAINS: {
    flag: true,
    default: '0',
    of: ['0', '1'],
    says: '1: an item of a domain that the model does not have opens it, where an `llm-recg` bundle serves',
  },
  PLAYGROUND: {
    default: '1',
    of: ['0', '1'],
    says: '0: no page at `/`, and nothing of what it alone asks for (`/playground`, `/chart`, `GET /items`)',
  },
  ORT_PROVIDER: {
    default: 'auto', of: ['auto', 'cuda', 'cpu'], says: 'what computes; `auto` is CUDA if it loads, and says so',
  },
  RETRIEVAL: {
    default: 'auto',
    of: ['auto', 'exact', 'hnsw', 'hybrid', 'cluster'],
    says: 'how items are found; `auto` decides by the size of the catalogue, `hybrid` by that and how many wait, ' +
      '`cluster` searches the Redis of `REDIS_URL`',
  },
  TRACING: {
    default: 'off',
    of: ['off', 'otel'],
    says: '`otel`: a span a request and a stage by @opentelemetry/api, which has to be there (docs/guide/operations.md)',
  },
  LOG_LEVEL: {
    default: 'info',
    of: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    says: 'JSON lines on stderr; never histories, texts or bodies',
  },
} as const satisfies Readonly<Record<string, ChoiceVariable>>

/** Those that are anything else, each checked by its own parser. */
export const TEXTS = {
  BUNDLE: { flag: true, default: 'models/demo', says: '`models/<name>`, or one version below it' },
  HOST: { flag: true, default: '127.0.0.1', says: 'beyond loopback it needs keys' },
  DATA_DIR: {
    flag: true,
    default: 'data/<bundle>',
    says: 'the journal: events and posted items, on disk before they are acknowledged',
  },
  API_KEYS: { says: 'who may call: entries of `npm run new-key -- --name shop --scopes read,write`, apart by white space' },
  API_KEYS_FILE: { says: 'the same in a file; both may be set' },
  TRUST_PROXY: {
    says: 'addresses or networks of what stands in front, with commas between them: from there alone, the address in ' +
      '`X-Forwarded-For` is the caller\'s',
  },
  METRICS_PORT: { says: 'moves `/metrics` to a port of its own' },
  REDIS_URL: {
    says: 'what instances share: `redis://[user:password@]host[:port][/db]`, `redis+sentinel://host,host/master` or ' +
      '`redis+cluster://host,host`; `rediss` for TLS',
  },
  REDIS_NAMESPACE: {
    default: 'the bundle\'s name', says: 'instances with the same share histories, items and model choices',
  },
} as const satisfies Readonly<Record<string, TextVariable>>
