import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChangeLog } from '../../../src/state/redis/change-log.ts'
import { connectRedis } from '../../../src/state/redis/client.ts'
import { redisKeys } from '../../../src/state/redis/keys.ts'
import { createRedisReplica } from '../../../src/state/redis/redis-replica.ts'
import { type RedisServers, startCluster, startRedis, startSentinel } from '../../support/redis.ts'
import { replicaContract } from '../replica.contract.ts'

describe.each([
  ['one Redis', startRedis], ['a cluster of three', startCluster], ['a master behind sentinels', startSentinel],
])('%s', (name, start) => {
  let servers: RedisServers
  beforeAll(async () => { servers = await start() })
  afterAll(async () => { await servers.close() })

  let last = 0
  const open = async (onCorrupt: (kind: string) => void = () => {}) => {
    const client = connectRedis(servers.address, { timeoutMs: 5000 })
    await new Promise((resolve) => { client.once('ready', resolve) })
    const keys = redisKeys(`shop${++last}`)
    const log = createChangeLog(client, keys, 100)
    const replica = createRedisReplica({ client, keys, log, onCorrupt })
    return { client, keys, log, replica, close: async () => { client.disconnect() } }
  }

  replicaContract(name, async () => await open())

  it('merges what many instances write of one user at once', async () => {
    const ends = await Promise.all([open(), open()])
    const [a, b] = ends.map(({ client }) => createRedisReplica({ client, keys: ends[0]!.keys, log: ends[0]!.log }))
    const key = 'f'.repeat(64)
    await Promise.all(Array.from({ length: 12 }, async (_, i) =>
      await (i % 2 === 0 ? a : b)!.mergeUsers(new Map([[key, { erased: 0, events: [['a', i, 100 + i, `e${i}`, 'view']] }]]))))
    expect((await a!.user(key))?.events).toHaveLength(12)
    for (const { close } of ends) await close()
  })

  it('counts the changes of registers without a gap, and cuts the oldest off', async () => {
    const { log, replica, close } = await open()
    const before = await log.status()
    expect([before.number, before.id]).toEqual([0, '0-0'])
    const names = Array.from({ length: 500 }, (_, i) => `user:${i}`)
    for (let i = 0; i < 500; i += 50) await log.append(names.slice(i, i + 50))
    const status = await log.status()
    expect([status.epoch, status.number]).toEqual([before.epoch, 500])
    const kept = await log.read('0-0')
    expect(kept.length).toBeLessThan(500)
    expect(kept.map(({ number }) => number)).toEqual(kept.map((_, i) => 501 - kept.length + i))
    expect(kept.at(-1)).toEqual({ id: status.id, number: 500, key: 'user:499' })
    expect(await log.read(status.id)).toEqual([])
    expect(await replica.readRegisters(['user:1'])).toEqual([])
    await close()
  })

  it('takes a value that is none of ours for an absent one, says so, and puts ours in its place', async () => {
    const told: string[] = []
    const { client, keys, replica, close } = await open((kind) => { told.push(kind) })
    const key = 'a'.repeat(64)
    await client.set(keys.user(key), '{"erased":0,"events":[["a"]]}')
    await client.hset(keys.registers('item:x'), 'item:x', 'zzzz')
    expect([await replica.user(key), await replica.readRegisters(['item:x'])]).toEqual([undefined, []])
    expect(told).toEqual(['user', 'register'])
    const events = [['a', 5, 9, 'e', 'view']] as const
    await replica.mergeUsers(new Map([[key, { erased: 0, events }]]))
    expect(await replica.user(key)).toEqual({ erased: 0, events })
    await close()
  })
})
