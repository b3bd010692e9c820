import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RedisServers, startCluster, startRedis, startSentinel } from '../../support/redis.ts'
import { storeContract } from '../stores.contract.ts'
import { event, eventually, type Instance, item, items, newNamespace, openInstance, sent } from './instance.ts'

const NOON = 1_760_011_200_000

describe.each([
  ['one Redis', startRedis], ['a cluster of three', startCluster], ['a master behind sentinels', startSentinel],
])('over %s', (name, start) => {
  let servers: RedisServers
  beforeAll(async () => { servers = await start() })
  afterAll(async () => { await servers.close() })

  storeContract(`shared over ${name}`, async (now) => {
    const instance = await openInstance(servers.address, newNamespace(), { now })
    return { store: instance.store, reopen: instance.restart, close: instance.close }
  })

  describe('two instances', () => {
    let a: Instance
    let b: Instance
    let namespace: string
    beforeEach(async () => {
      namespace = newNamespace()
      a = await openInstance(servers.address, namespace)
      b = await openInstance(servers.address, namespace)
    })
    afterEach(async () => {
      await a.close()
      await b.close()
    })

    it('read one history, and each at once what it took itself', async () => {
      await a.store.append([event('e1', { timestamp: NOON })])
      expect(await items(a.store)).toEqual(['item-e1'])
      await b.store.append([event('e2', { timestamp: NOON - 1 })])
      expect((await items(b.store))[0]).toBe('item-e2')
      await eventually(async () => { expect(await items(a.store)).toEqual(['item-e2', 'item-e1']) })
      await eventually(async () => { expect(await items(b.store)).toEqual(['item-e2', 'item-e1']) })
    })

    it('keep an event that both took once', async () => {
      await Promise.all([a.store.append([event('e1')]), b.store.append([event('e1')])])
      await sent(a, b)
      expect([await items(a.store), await items(b.store)]).toEqual([['item-e1'], ['item-e1']])
    })

    it('keep the histories of their bundle where a user did nothing since, and add to them where it did', async () => {
      const bundle = () => (async function * () {
        yield { userId: 'u', events: [{ itemId: 'old', timestamp: 5 }] }
        yield { userId: 'v', events: [{ itemId: 'old', timestamp: 5 }] }
      })()
      await a.store.seed('bundle', bundle())
      await b.store.seed('bundle', bundle())
      await a.store.append([event('e1')])
      await sent(a)
      expect([await items(b.store), await items(b.store, 'v')]).toEqual([['old', 'item-e1'], ['old']])
    })

    it('share a log that one of them was given', async () => {
      await a.store.seed('log', (async function * () {
        yield { userId: 'u', events: [{ itemId: 'old', timestamp: 5 }] }
      })(), { known: 'merge' })
      await sent(a)
      expect(await items(b.store)).toEqual(['old'])
    })

    it('forget a user on all of them, on disk too, and what comes later opens a fresh history', async () => {
      await a.store.append([event('e1')])
      await b.store.append([event('e2')])
      await sent(a, b)
      await a.store.erase('u')
      await eventually(() => { expect(b.store.isErased('u')).toBe(true) })
      await sent(a, b)
      expect([await items(a.store), await items(b.store)]).toEqual([[], []])
      await b.store.seed('log', (async function * () {
        yield { userId: 'u', events: [{ itemId: 'old', timestamp: 5 }] }
      })(), { known: 'merge' })
      await b.store.append([event('e3')])
      await sent(b)
      expect([await items(a.store), await items(b.store)]).toEqual([['item-e3'], ['item-e3']])
    })

    it('hear of items, deletions and models, and hold them themselves', async () => {
      await a.store.putItems([item('i1'), item('i2')])
      await eventually(() => { expect(b.store.getItem('i1')).toEqual(item('i1')) })
      await b.store.deleteItem('i1', 'sport')
      await eventually(() => { expect(a.store.getItem('i1')).toBeUndefined() })
      await a.store.chooseModel({ name: 'shop', version: 'two', detail: { share: 0.5 } })
      await eventually(() => { expect(b.store.chosenModel('shop')).toEqual({ name: 'shop', version: 'two', detail: { share: 0.5 } }) })
      // Told of a change only once it is held, and so a little after it can be read.
      await eventually(() => { expect(a.told).toEqual([{ kind: 'item', itemId: 'i1' }]) })
      await eventually(() => {
        expect(b.told).toContainEqual({ kind: 'item', itemId: 'i2' })
        expect(b.told).toContainEqual({ kind: 'model', choice: { name: 'shop', version: 'two', detail: { share: 0.5 } } })
      })
      expect([...a.store.changes()].length).toBe([...b.store.changes()].length)
    })

    it('agree on an item that both changed at once', async () => {
      await Promise.all([
        a.store.putItems([item('i1', { title: 'of a' })]), b.store.putItems([item('i1', { title: 'of b', domain: 'cloth' })]),
      ])
      await sent(a, b)
      await eventually(() => { expect(a.store.getItem('i1')).toEqual(b.store.getItem('i1')) })
      await a.store.putItems([{ ...a.store.getItem('i1')!, version: 2 }])
      await eventually(() => { expect(b.store.getItem('i1')?.version).toBe(2) })
    })

    it('give a third one, with an empty disk, all that they have', async () => {
      await a.store.append([event('e1')])
      await a.store.putItems([item('i1')])
      await b.store.erase('v')
      await b.store.deleteItem('of-the-bundle', 'sport')
      await sent(a, b)
      const c = await openInstance(servers.address, namespace)
      expect([await items(c.store), c.store.getItem('i1'), c.store.isErased('v')]).toEqual([['item-e1'], item('i1'), true])
      expect([...c.store.changes()]).toContainEqual({ kind: 'delete', itemId: 'of-the-bundle', domain: 'sport' })
      expect(c.store.status()).toMatchObject({ up: true, outbox: 0, gaps: 0 })
      await c.close()
    })

    it('do not meet those of another name', async () => {
      await a.store.append([event('e1')])
      await sent(a)
      const c = await openInstance(servers.address, newNamespace())
      expect(await items(c.store)).toEqual([])
      await c.close()
    })
  })
})
