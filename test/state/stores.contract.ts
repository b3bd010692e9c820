import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EVENT_ID_KEPT, MAX_HISTORY, MAX_PER_USER_ITEM_DAY } from '../../src/state/stores.ts'
import type { HistoryEntry, SeedHistory, Store, StoredEvent, StoredItem } from '../../src/state/stores.ts'

const NOON = 1_760_011_200_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

export interface StoreFixture {
  readonly store: Store
  /** Closes the store and opens it again: what was acknowledged must be there. */
  readonly reopen: () => Promise<Store>
  readonly close: () => Promise<void>
}

/** What every driver promises. `open` gives an empty store whose clock is `now`. */
export function storeContract (name: string, open: (now: () => number) => Promise<StoreFixture>): void {
  describe(`a store: ${name}`, () => {
    let fixture: StoreFixture
    let store: Store
    let time = NOON
    beforeEach(async () => {
      time = NOON
      fixture = await open(() => time)
      store = fixture.store
    })
    afterEach(async () => { await fixture.close() })

    describe('histories', () => {
      it('has none of a user it never heard of', async () => {
        expect(await history(store, 'nobody')).toEqual([])
      })

      it('is read by the very next call, and after a restart', async () => {
        expect(await store.append([event('e1', { itemId: 'a' })])).toEqual(['accepted'])
        expect(await items(store)).toEqual(['a'])
        store = await fixture.reopen()
        expect(await history(store, 'u')).toEqual([{ itemId: 'a', timestamp: NOON }])
      })

      it('is sorted by time, and by arrival where times are equal', async () => {
        await store.append([event('e1', { itemId: 'b', timestamp: NOON + 1 }), event('e2', { itemId: 'c' })])
        await store.append([event('e3', { itemId: 'd' }), event('e4', { itemId: 'a', timestamp: NOON - 1 })])
        expect(await items(store)).toEqual(['a', 'c', 'd', 'b'])
        expect(await items(store, 2)).toEqual(['d', 'b'])
        expect(await items(store, 0)).toEqual([])
      })

      it('keeps the same item twice, and users apart', async () => {
        await store.append([event('e1'), event('e2'), event('e3', { userId: 'v', itemId: 'z' })])
        expect(await items(store)).toEqual(['item', 'item'])
        expect(await items(store, 10, 'v')).toEqual(['z'])
      })

      it('keeps the latest and no more', async () => {
        const events = Array.from({ length: MAX_HISTORY + 5 }, (_, i) => event(`e${i}`, { itemId: `i${i}` }))
        await store.append(events.slice(0, MAX_HISTORY))
        await store.append(events.slice(MAX_HISTORY))
        expect(await items(store, 2 * MAX_HISTORY)).toEqual(events.slice(5).map(({ itemId }) => itemId))
      })

      it('takes ids that look like paths, keys or code as plain text', async () => {
        const ids = ['../../x', 'a:b*', '{{7*7}}', '__proto__', 'constructor', '$ne', 'x'.repeat(128)]
        await store.append(ids.map((userId, i) => event(`e${i}`, { userId, itemId: `i${i}` })))
        expect(await Promise.all(ids.map(async (id) => await items(store, 9, id)))).toEqual(ids.map((_, i) => [`i${i}`]))
      })
    })

    describe('event ids', () => {
      it('make the same event, sent again, a duplicate: in one call, in the next, after a restart', async () => {
        expect(await store.append([event('e1'), event('e1')])).toEqual(['accepted', 'duplicate'])
        expect(await store.append([event('e1')])).toEqual(['duplicate'])
        store = await fixture.reopen()
        expect(await store.append([event('e1')])).toEqual(['duplicate'])
        expect(await items(store)).toEqual(['item'])
      })

      it.each([
        ['user', { userId: 'v' }], ['item', { itemId: 'other' }], ['type', { type: 'view' }],
        ['time', { timestamp: NOON - 1 }], ['value', { value: 4 }],
      ])('make another %s under a known id a conflict', async (_, change) => {
        await store.append([event('e1')])
        expect(await store.append([event('e1', change), event('e2')])).toEqual(['conflict', 'accepted'])
        expect(await items(store)).toEqual(['item', 'item'])
      })

      it('make an event without a time, sent again later, a duplicate', async () => {
        await store.append([event('e1', { undated: true })])
        expect(await store.append([event('e1', { undated: true, timestamp: NOON + HOUR })])).toEqual(['duplicate'])
      })

      it('are known as long as the event could be sent again, and not for ever', async () => {
        await store.append([event('e1', { timestamp: NOON - DAY })])
        time = NOON + EVENT_ID_KEPT - 1
        expect(await store.append([event('e1', { timestamp: NOON - DAY })])).toEqual(['duplicate'])
        time = NOON + EVENT_ID_KEPT + 1
        await store.append([event('e2', { timestamp: time })])
        expect(await store.append([event('e1', { timestamp: time })])).toEqual(['accepted'])
      })

      it('are told apart when many calls bring the same one at once', async () => {
        const outcomes = await Promise.all(Array.from({ length: 50 }, async () => await store.append([event('e1')])))
        expect(outcomes.flat().filter((outcome) => outcome === 'accepted')).toHaveLength(1)
        expect(await items(store)).toEqual(['item'])
      })
    })

    describe('stuffing', () => {
      const many = (count: number, from = 0, change: Partial<StoredEvent> = {}): StoredEvent[] =>
        Array.from({ length: count }, (_, i) => event(`e${from + i}`, change))

      it('ends at the cap of a user, an item and a day, in one call and over many', async () => {
        await store.append(many(MAX_PER_USER_ITEM_DAY - 1))
        expect(await store.append(many(3, 200))).toEqual(['accepted', 'stuffing', 'stuffing'])
        expect(await items(store, 1000)).toHaveLength(MAX_PER_USER_ITEM_DAY)
      })

      it('counts each user, item and day on its own', async () => {
        await store.append(many(MAX_PER_USER_ITEM_DAY))
        expect(await store.append([
          event('x1', { userId: 'v' }), event('x2', { itemId: 'b' }), event('x3', { timestamp: NOON - DAY }), event('x4'),
        ])).toEqual(['accepted', 'accepted', 'accepted', 'stuffing'])
      })

      it('does not turn a retry into a refusal', async () => {
        await store.append(many(MAX_PER_USER_ITEM_DAY))
        expect(new Set(await store.append(many(MAX_PER_USER_ITEM_DAY)))).toEqual(new Set(['duplicate']))
      })

      it('cannot be had by many calls at once', async () => {
        const outcomes = await Promise.all(many(150).map(async (one) => await store.append([one])))
        expect(outcomes.flat().filter((outcome) => outcome === 'accepted')).toHaveLength(MAX_PER_USER_ITEM_DAY)
      })
    })

    describe('erasure', () => {
      it('forgets what a user did until then, and nobody else', async () => {
        await store.append([event('e1'), event('e2', { userId: 'v' })])
        await store.erase('u')
        expect([store.isErased('u'), store.isErased('v')]).toEqual([true, false])
        expect(await items(store)).toEqual([])
        await store.append([event('e3', { itemId: 'later' }), event('e4', { userId: 'v' })])
        expect([store.isErased('u'), await items(store)]).toEqual([true, ['later']])
        store = await fixture.reopen()
        expect([store.isErased('u'), await items(store)]).toEqual([true, ['later']])
      })

      it('may be asked for twice, and of a user it never heard of', async () => {
        await store.erase('u')
        await store.erase('u')
        expect(store.isErased('u')).toBe(true)
      })

      it('is respected by seeds and imports', async () => {
        await store.erase('u')
        expect(await store.seed('s', of(['u', ['a', 1]], ['v', ['b', 2]]))).toEqual({ users: 1, events: 1 })
        expect(await store.seed('i', of(['u', ['a', 1]]), { known: 'merge' })).toEqual({ users: 0, events: 0 })
        expect(await items(store)).toEqual([])
      })
    })

    describe('seeds', () => {
      it('give a history to users who have none, and leave the others alone', async () => {
        await store.append([event('e1', { itemId: 'mine' })])
        const counts = await store.seed('s', of(['u', ['a', 1]], ['v', ['b', 2], ['c', 3]]))
        expect(counts).toEqual({ users: 1, events: 2 })
        expect(await items(store)).toEqual(['mine'])
        expect(await history(store, 'v')).toEqual([{ itemId: 'b', timestamp: 2 }, { itemId: 'c', timestamp: 3 }])
      })

      it('are taken once a source, also after a restart', async () => {
        await store.seed('s', of(['u', ['a', 1]]))
        store = await fixture.reopen()
        expect(await store.seed('s', of(['u', ['a', 1]], ['v', ['b', 1]]))).toEqual({ users: 0, events: 0 })
        expect(await store.seed('t', of(['v', ['b', 1]]))).toEqual({ users: 1, events: 1 })
      })

      it('go on where a stopped call left off', async () => {
        const all = Array.from({ length: 30 }, (_, i): SeedHistory => ({
          userId: `u${i}`, events: Array.from({ length: 500 }, (_, e) => ({ itemId: `i${e}`, timestamp: e })),
        }))
        async function * stopping (): AsyncGenerator<SeedHistory> {
          yield * all.slice(0, 20)
          throw new Error('stopped')
        }
        await expect(store.seed('s', stopping())).rejects.toThrow('stopped')
        const lengths = await Promise.all(all.map(async ({ userId }) => (await history(store, userId, 1)).length))
        const before = lengths.filter((length) => length > 0).length
        expect(before).toBeGreaterThan(0)
        store = await fixture.reopen()
        const counts = await store.seed('s', each(all))
        expect(counts).toEqual({ users: 30 - before, events: 500 * (30 - before) })
      })

      it('say how far they are', async () => {
        const seen: number[] = []
        await store.seed('s', of(['u', ['a', 1]], ['v', ['b', 1]]), { onProgress: (read) => { seen.push(read) } })
        expect(seen.at(-1)).toBe(2)
      })

      it('are merged into known histories where asked, and an event that is there stays one', async () => {
        await store.append([event('e1', { itemId: 'new' })])
        await store.seed('one', of(['u', ['b', 2], ['a', 1]]), { known: 'merge' })
        const again = await store.seed('two', of(['u', ['a', 1], ['c', 3], ['new', NOON]]), { known: 'merge' })
        expect(again).toEqual({ users: 1, events: 1 })
        expect(await items(store)).toEqual(['a', 'b', 'c', 'new'])
      })
    })

    describe('items', () => {
      it('are read by the very next call, and after a restart, to the bit', async () => {
        const wanted = item('i1', { categories: ['x', 'y'], price: 9.5, brand: 'Alba', embedding: floats(1.5, -2, 0.1) })
        await store.putItems([wanted, item('i2', { state: 'pending' })])
        expect(store.getItem('i1')).toEqual(wanted)
        store = await fixture.reopen()
        expect(store.getItem('i1')).toEqual(wanted)
        expect(store.getItem('i2')).toEqual(item('i2', { state: 'pending' }))
        expect(store.getItem('i3')).toBeUndefined()
      })

      it('are replaced by a later version, at the end of the order', async () => {
        await store.putItems([item('i1'), item('i2')])
        await store.putItems([item('i1', { version: 2, title: 'new' })])
        expect(store.getItem('i1')?.title).toBe('new')
        expect(changes(store)).toEqual(['put i2 1', 'put i1 2'])
      })

      it('belong to one domain, and a call that says otherwise changes nothing', async () => {
        await store.putItems([item('i1')])
        const refused = store.putItems([item('i2'), item('i1', { domain: 'cloth' })])
        await expect(refused).rejects.toMatchObject({ code: 'item_in_two_domains' })
        await expect(store.putItems([item('i3'), item('i3', { domain: 'cloth' })]))
          .rejects.toMatchObject({ code: 'item_in_two_domains' })
        expect(changes(store)).toEqual(['put i1 1'])
      })

      it('are gone when deleted, and stay hidden after a restart', async () => {
        await store.putItems([item('i1')])
        expect(await store.deleteItem('i1', 'sport')).toBe(true)
        expect(await store.deleteItem('i1', 'sport')).toBe(false)
        expect(await store.deleteItem('of-the-bundle', 'cloth')).toBe(false)
        expect(store.getItem('i1')).toBeUndefined()
        store = await fixture.reopen()
        expect(changes(store)).toEqual(['delete i1 sport', 'delete of-the-bundle cloth'])
      })

      it('may come back, and in another domain; the old place stays hidden', async () => {
        await store.deleteItem('i1', 'sport')
        await store.putItems([item('i1')])
        expect(changes(store)).toEqual(['put i1 1'])
        await store.deleteItem('i1', 'sport')
        await store.putItems([item('i1', { domain: 'cloth' })])
        expect(changes(store)).toEqual(['delete i1 sport', 'put i1 1'])
      })
    })

    describe('the choice of a model', () => {
      it('is the latest, by name, also after a restart', async () => {
        expect(store.chosenModel('shop')).toBeUndefined()
        await store.chooseModel({ name: 'shop', version: 'one' })
        await store.chooseModel({ name: 'shop', version: 'two', detail: { weights: [1, 3] } })
        await store.chooseModel({ name: 'other', version: 'three' })
        store = await fixture.reopen()
        expect(store.chosenModel('shop')).toEqual({ name: 'shop', version: 'two', detail: { weights: [1, 3] } })
      })
    })

    it('refuses writes when it is closed', async () => {
      await store.close()
      await expect(store.append([event('e1')])).rejects.toMatchObject({ code: 'store_unavailable' })
      store = await fixture.reopen()
    })

    it('finishes what it took before it closes', async () => {
      const writes = Promise.all(Array.from({ length: 20 }, async (_, i) => await store.append([event(`e${i}`)])))
      store = await fixture.reopen()
      expect((await writes).flat()).toHaveLength(20)
      expect(await items(store, 100)).toHaveLength(20)
    })
  })
}

function event (eventId: string, change: Partial<StoredEvent> = {}): StoredEvent {
  return { eventId, userId: 'u', itemId: 'item', type: 'purchase', timestamp: NOON, ...change }
}

function item (itemId: string, change: Partial<StoredItem> = {}): StoredItem {
  return {
    itemId,
    domain: 'sport',
    version: 1,
    title: `title of ${itemId}`,
    ingestedAt: NOON,
    contentHash: `hash of ${itemId}`,
    embedderId: 'hash/3',
    state: 'ready',
    ...change,
  }
}

function floats (...numbers: number[]): Float32Array {
  return Float32Array.from(numbers)
}

async function history (store: Store, userId: string, limit = 10): Promise<readonly HistoryEntry[]> {
  return (await store.history(userId, limit)).entries
}

async function items (store: Store, limit = 10, userId = 'u'): Promise<string[]> {
  return (await history(store, userId, limit)).map(({ itemId }) => itemId)
}

function changes (store: Store): string[] {
  return [...store.changes()].map((change) => change.kind === 'put'
    ? `put ${change.item.itemId} ${change.item.version}`
    : `delete ${change.itemId} ${change.domain}`)
}

function of (...histories: [userId: string, ...events: [string, number][]][]): AsyncIterable<SeedHistory> {
  return each(histories.map(([userId, ...events]) => ({
    userId, events: events.map(([itemId, timestamp]) => ({ itemId, timestamp })),
  })))
}

async function * each (histories: readonly SeedHistory[]): AsyncGenerator<SeedHistory> {
  yield * histories
}
