import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseRedisUrl } from '../../../src/config/redis-url.ts'
import { createRandom } from '../../../src/random.ts'
import { figure } from '../../support/figures.ts'
import { type RedisServers, startRedis, startSentinel } from '../../support/redis.ts'
import { startToxiproxy, type ToxicProxy, type Toxiproxy } from '../../support/toxiproxy.ts'
import { event, eventually, type Instance, item, items, newNamespace, openInstance, sent } from './instance.ts'

const INSTANCES = 3
const USERS = 8

describe('three instances and one Redis that keeps nothing on its disk', () => {
  let redis: RedisServers
  let toxiproxy: Toxiproxy
  let proxies: ToxicProxy[]
  let instances: Instance[]
  let namespace: string
  beforeEach(async () => {
    redis = await startRedis()
    namespace = newNamespace()
    toxiproxy = await startToxiproxy()
    proxies = await Promise.all(Array.from({ length: INSTANCES }, async () =>
      await toxiproxy.proxy(redis.nodes[0]!.port)))
    instances = await Promise.all(proxies.map(async (proxy) => await openInstance(addressOf(proxy), namespace, {
      timeoutMs: 500, contactMs: 3000, logLength: 50,
    })))
  })
  afterEach(async () => {
    for (const one of instances) await one.close()
    await toxiproxy.close()
    await redis.close()
  })

  /** All instances show every user and item alike; gives what they show. */
  async function converged (): Promise<{ histories: string[][], itemIds: string[] }> {
    return await eventually(async () => {
      const views = await Promise.all(instances.map(async ({ store }) => ({
        histories: await Promise.all(Array.from({ length: USERS }, async (_, u) => await items(store, `u${u}`))),
        itemIds: [...store.changes()].map((change) =>
          change.kind === 'put' ? `${change.item.itemId} ${change.item.title}` : `-${change.itemId}`).sort(),
      })))
      for (const { store } of instances) expect(store.status()).toMatchObject({ up: true, outbox: 0 })
      for (const view of views) expect(view).toEqual(views[0])
      expect(views.flatMap(({ histories }) => histories.flat()).filter((itemId) => itemId === '!')).toEqual([])
      return views[0]!
    })
  }

  it('P32: agree after partitions, crashes of Redis, a flushed Redis and a cut log, on all that was acknowledged',
    async (context) => {
      const seed = Number(process.env.SEED ?? Date.now() % 1e6)
      console.log(`SEED=${seed}`)
      const random = createRandom(seed, 'partition')
      const acknowledged = { events: new Map<string, Set<string>>(), items: new Set<string>() }
      let next = 0
      const write = async (instance: Instance): Promise<void> => {
        const id = `e${next++}`
        const userId = `u${random.integer(USERS)}`
        if (random.integer(4) === 0) {
          await instance.store.putItems([item(id)])
          acknowledged.items.add(id)
        } else {
          await instance.store.append([event(id, { userId, timestamp: 1_760_000_000_000 + random.integer(1000) })])
          acknowledged.events.set(userId, (acknowledged.events.get(userId) ?? new Set()).add(`item-${id}`))
        }
      }
      const faults: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
        ['one is cut off', async () => { await proxies[0]!.set('down') }],
        ['the others are, too', async () => { for (const proxy of proxies) await proxy.set('down') }],
        ['one hears nothing', async () => { await proxies[1]!.set('hang') }],
        ['Redis is killed', async () => {
          await redis.nodes[0]!.kill()
          await redis.nodes[0]!.start()
        }],
        ['Redis is flushed', async () => await redis.all('FLUSHALL')],
        ['the log is cut', async () => await redis.all('XTRIM', `isthmus:${namespace}:{${namespace}.log}:changes`, 'MAXLEN', '0')],
      ]
      for (const [, strike] of faults) {
        await Promise.all(Array.from({ length: 30 }, async () => await write(instances[random.integer(INSTANCES)]!)))
        await strike()
        await Promise.all(Array.from({ length: 30 }, async () => await write(instances[random.integer(INSTANCES)]!)))
        for (const proxy of proxies) await proxy.set('ok')
        const healed = performance.now()
        const { histories, itemIds } = await converged()
        figure(context, `agreed ${Math.round(performance.now() - healed)} ms after the heal`)
        for (const [u, history] of histories.entries()) {
          expect(new Set(history)).toEqual(acknowledged.events.get(`u${u}`) ?? new Set())
          expect(new Set(history).size).toBe(history.length)
        }
        expect(itemIds).toEqual([...acknowledged.items].map((id) => `${id} title of ${id}`).sort())
      }
    }, 600_000)

  it('P33: notice that the log was cut off before they had read it, and read everything', async () => {
    const [a, b] = [instances[0]!, instances[1]!]
    await proxies[1]!.set('down')
    await eventually(() => { expect(b.store.status().up).toBe(false) })
    // Redis cuts whole blocks of a hundred.
    for (let i = 0; i < 400; i += 20) {
      await a.store.putItems(Array.from({ length: 20 }, (_, j) => item(`i${i + j}`)))
    }
    await a.store.erase('u0')
    await sent(a)
    await proxies[1]!.set('ok')
    await eventually(() => { expect(b.store.status()).toMatchObject({ up: true, gaps: 1 }) })
    expect([...b.store.changes()]).toHaveLength(400)
    expect(b.store.isErased('u0')).toBe(true)
  })

  it('P25: answer a history from their own disk while Redis is away, say so, and find back', async () => {
    const [a, b] = [instances[0]!, instances[1]!]
    for (const way of [
      'down', 'hang', ['slow', 2000], ['cut', 1], ['cut', 40], ['reset', 0], ['narrow', 0],
    ] as const) {
      const userId = `user of ${String(way)}`
      await a.store.append([event(`${userId} 1`, { userId, itemId: 'mine', timestamp: 1 })])
      await b.store.append([event(`${userId} 2`, { userId, itemId: 'yours', timestamp: 2 })])
      await sent(a, b)
      expect(await items(a.store, userId)).toEqual(['mine', 'yours'])
      await proxies[0]!.set(way)
      await eventually(async () => { expect(await items(a.store, userId)).toEqual(['!', 'mine']) })
      // A write is acknowledged all the same, and read at once.
      expect(await a.store.append([event(`${userId} 3`, { userId, itemId: 'late', timestamp: 3 })])).toEqual(['accepted'])
      expect(await items(a.store, userId)).toEqual(['!', 'mine', 'late'])
      await proxies[0]!.set('ok')
      await eventually(async () => {
        expect(await items(a.store, userId)).toEqual(['mine', 'yours', 'late'])
        expect(await items(b.store, userId)).toEqual(['mine', 'yours', 'late'])
      })
    }
  }, 600_000)

  it('P25: read an answer that comes in small pieces', async () => {
    await instances[0]!.store.append(Array.from({ length: 50 }, (_, i) => event(`e${i}`)))
    await sent(instances[0]!)
    await proxies[1]!.set(['slice', 7])
    await eventually(async () => { expect(await items(instances[1]!.store)).toHaveLength(50) })
  })

  it('P34: lose nothing that was acknowledged when Redis is killed at full write', async (context) => {
    const acknowledged = new Set<string>()
    const killing = new AbortController()
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; n < 40 || !killing.signal.aborted; n++) {
        const id = `${writer}-${n}`
        await instances[writer % INSTANCES]!.store.append([event(id, { userId: `u${writer}`, itemId: id })])
        acknowledged.add(id)
      }
    })
    await eventually(() => { expect(acknowledged.size).toBeGreaterThan(100) })
    await redis.nodes[0]!.kill()
    killing.abort()
    await Promise.all(writers)
    await redis.nodes[0]!.start()
    const { histories } = await converged()
    expect(new Set(histories.flat())).toEqual(acknowledged)
    figure(context, `0 lost of ${acknowledged.size} acknowledged events, with Redis keeping nothing on its disk`)
  })
})

describe('a master that sentinels replace', () => {
  it('P34: is left for its replacement, with all that was acknowledged', async (context) => {
    const redis = await startSentinel()
    const namespace = newNamespace()
    const [a, b] = await Promise.all([0, 1].map(async () => await openInstance(redis.address, namespace)))
    try {
      await a!.store.append([event('e1')])
      await a!.store.putItems([item('i1')])
      await sent(a!)
      await redis.nodes[0]!.kill()
      const killed = performance.now()
      await a!.store.append([event('e2')])
      await b!.store.putItems([item('i2')])
      await sent(a!, b!)
      await eventually(async () => { expect(await items(b!.store)).toEqual(['item-e1', 'item-e2']) })
      await eventually(() => { expect(a!.store.getItem('i2')).toEqual(item('i2')) })
      figure(context, `${Math.round(performance.now() - killed)} ms from the death of a master to agreement behind sentinels`)
    } finally {
      await a!.close()
      await b!.close()
      await redis.close()
    }
  }, 300_000)
})

function addressOf ({ port }: ToxicProxy) {
  return parseRedisUrl(`redis://127.0.0.1:${port}`, 'REDIS_URL')
}
