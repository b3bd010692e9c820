import { createHash } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import type { RedisAddress } from '../../config/redis-url.ts'

export type RedisClient = Redis | Cluster

/** Waits between attempts to connect grow to a second: a server that is back is found within that. */
const retry = (times: number): number => Math.min(50 * times, 1000)

/**
 * Connects in the background, again and again until `disconnect`. A command fails at once while there is no
 * connection, and after `timeoutMs` where no answer comes: the client's defaults would wait for either without end.
 */
export function connectRedis (address: RedisAddress, { timeoutMs }: { readonly timeoutMs: number }): RedisClient {
  const client = address.kind === 'cluster' ? connectCluster(address, timeoutMs) : connectOne(address, timeoutMs)
  // Without a listener the client prints its errors; every command that they concern fails with them as well.
  client.on('error', () => {})
  return client
}

function connectOne ({ kind, hosts, master, sentinelPassword, ...address }: RedisAddress, timeoutMs: number): Redis {
  const options = {
    ...tuned(address, timeoutMs), db: address.db, retryStrategy: retry, enableOfflineQueue: false,
  } as const
  const [first] = hosts
  if (kind === 'single') return new Redis({ ...options, ...first! })
  return new Redis({
    ...options,
    sentinels: [...hosts],
    ...(master === undefined ? {} : { name: master }),
    sentinelRetryStrategy: retry,
    sentinelCommandTimeout: 4 * timeoutMs,
    enableTLSForSentinelMode: address.tls,
    // Leaves a master that the sentinels have replaced, though it still answers.
    failoverDetector: true,
    ...(address.tls ? { sentinelTLS: {} } : {}),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  })
}

function connectCluster ({ hosts, ...address }: RedisAddress, timeoutMs: number): Cluster {
  return new Cluster([...hosts], {
    redisOptions: tuned(address, timeoutMs),
    clusterRetryStrategy: retry,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRedirections: 4,
    slotsRefreshTimeout: 4 * timeoutMs,
    slotsRefreshInterval: 5000,
    // A certificate is for a name, so names are not resolved here.
    ...(address.tls ? { dnsLookup: unresolved } : {}),
  })
}

function unresolved (name: string, done: (error: null, address: string) => void): void {
  done(null, name)
}

function tuned ({ tls, username, password }: Omit<RedisAddress, 'kind' | 'hosts'>, timeoutMs: number) {
  return {
    replyMapping: 'legacy',
    maxRetriesPerRequest: 1,
    commandTimeout: timeoutMs,
    connectTimeout: 4 * timeoutMs,
    // A way that swallows everything is given up, and another connection tried.
    socketTimeout: 4 * timeoutMs,
    enableAutoPipelining: true,
    // A master that became a replica refuses writes: connect anew, to the one that took its place.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(tls ? { tls: {} } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  } as const satisfies RedisOptions
}

/** The servers that hold the data: the one, or each master of a cluster. */
export function mastersOf (client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client]
}

export interface Script { readonly sha: string, readonly lua: string }

export function script (lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Runs a script by its digest, and sends it where the server does not know it yet. */
export async function runScript (
  client: RedisClient, { sha, lua }: Script, keys: readonly string[], args: ReadonlyArray<string | Buffer | number>
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await client.eval(lua, keys.length, ...keys, ...args)
  }
}
