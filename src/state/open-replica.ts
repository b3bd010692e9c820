import { setTimeout } from 'node:timers/promises'
import type { RedisAddress } from '../config/redis-url.ts'
import { IsthmusError } from '../errors.ts'
import { openStore } from './embedded/open-store.ts'
import { createChangeLog } from './redis/change-log.ts'
import { connectRedis } from './redis/client.ts'
import { redisKeys } from './redis/keys.ts'
import { createRedisReplica } from './redis/redis-replica.ts'
import type { Replica } from './replica.ts'

/** A bulk command may take long; it holds up nobody. */
const PATIENCE_MS = 10_000

/**
 * Opens a folder's store, or what a Redis holds under a namespace, for a copy. Fails as `openStore` does, and with
 * `store_unavailable` where the Redis does not answer.
 */
export async function openReplica (
  place: string | RedisAddress, namespace: string
): Promise<Replica & { close: () => Promise<void> }> {
  if (typeof place === 'string') return await openStore(place)
  const client = connectRedis(place, { timeoutMs: PATIENCE_MS })
  const keys = redisKeys(namespace)
  const ready = new Promise<boolean>((resolve) => { client.once('ready', () => { resolve(true) }) })
  if (!await Promise.race([ready, setTimeout(PATIENCE_MS, false, { ref: false })])) {
    client.disconnect()
    throw new IsthmusError('store_unavailable', 'the Redis does not answer')
  }
  return {
    ...createRedisReplica({ client, keys, log: createChangeLog(client, keys) }),
    async close () { client.disconnect() },
  }
}
