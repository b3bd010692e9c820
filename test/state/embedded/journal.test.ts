import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/files/hash.ts'
import { openStore } from '../../../src/state/embedded/open-store.ts'
import { type Journal, userMark } from '../../../src/state/journal.ts'
import { encodeRecord } from '../../../src/state/record.ts'
import type { StoredEvent } from '../../../src/state/stores.ts'
import { userKey } from '../../../src/state/user-state.ts'
import { replicaContract } from '../replica.contract.ts'

const NOON = 1_760_011_200_000
let dir: string
beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'isthmus-journal-')) })
afterEach(async () => { await rm(dir, { recursive: true }) })

replicaContract('embedded', async () => {
  const replica = await openStore(dir, { shared: true })
  return { replica, close: async () => { await replica.close() } }
})

describe('the outbox of a store', () => {
  let store: Journal
  beforeEach(async () => { store = await openStore(dir, { shared: true, now: () => NOON }) })
  afterEach(async () => { await store.close() })
  const marks = (): string[] => {
    const all = []
    // It starts anew where it ends.
    for (let left = store.outbox.depth; left > 0; left--) all.push(...store.outbox.take(1))
    return all.map(({ key }) => key).sort()
  }
  const reopen = async (shared: boolean): Promise<void> => {
    await store.close()
    store = await openStore(dir, { shared })
  }

  it('names what was written, once each, also after a restart', async () => {
    await store.append([event(1), event(2)])
    await store.append([event(3)])
    await store.erase('v')
    await store.deleteItem('i1', 'sport')
    await store.chooseModel({ name: 'shop', version: 'one' })
    const wanted = ['item:i1', 'model:shop', userMark(userKey('u')), userMark(userKey('v')), `user:${userKey('v')}`].sort()
    expect(marks()).toEqual(wanted)
    await reopen(true)
    expect(marks()).toEqual(wanted)
  })

  it('names logs that were imported here, and not the histories that every instance has from its bundle', async () => {
    const one = (userId: string) => (async function * () { yield { userId, events: [{ itemId: 'a', timestamp: 1 }] } })()
    await store.seed('bundle', one('u'))
    expect(marks()).toEqual([])
    await store.seed('log', one('v'), { known: 'merge' })
    expect(marks()).toEqual([userMark(userKey('v'))])
  })

  it('forgets what is confirmed, unless it changed meanwhile', async () => {
    await store.append([event(1), event(2, 'v')])
    const taken = store.outbox.take(10)
    await store.append([event(3)])
    await store.outbox.confirm(taken)
    expect(marks()).toEqual([userMark(userKey('u'))])
    expect([store.outbox.has(userMark(userKey('u'))), store.outbox.has(userMark(userKey('v')))]).toEqual([true, false])
  })

  it('gives each its turn', async () => {
    await store.append(Array.from({ length: 5 }, (_, i) => event(i, `u${i}`)))
    const turns = [2, 2, 2, 2].map((limit) => store.outbox.take(limit).map(({ key }) => key))
    expect(new Set(turns.slice(0, 3).flat()).size).toBe(5)
    expect(turns[3]).toEqual(turns[0])
  })

  it('can name all that arrived since a moment', async () => {
    await store.append([event(1)])
    await store.deleteItem('i1', 'sport')
    await store.outbox.confirm(store.outbox.take(10))
    await store.outbox.markAll((NOON + 1) * 1000)
    expect(marks()).toEqual(['item:i1'])
    await store.outbox.markAll(0)
    expect(marks()).toEqual(['item:i1', userMark(userKey('u'))])
  })

  it('is not kept by a store that is opened alone, which forgets how far it had read', async () => {
    await store.append([event(1)])
    await store.savePosition({ epoch: 'e', number: 5, id: '5-0' })
    await reopen(true)
    expect([store.outbox.depth, store.position()]).toEqual([1, { epoch: 'e', number: 5, id: '5-0' }])
    const { instance } = store
    await reopen(false)
    await store.append([event(2)])
    expect([store.outbox.depth, store.position(), store.instance]).toEqual([0, undefined, instance])
  })
})

describe('what another instance knows', () => {
  let store: Journal
  beforeEach(async () => { store = await openStore(dir, { shared: true }) })
  afterEach(async () => { await store.close() })

  it('of an item wins where it is later, in another domain too, and loses where it is not', async () => {
    const other = await mkdtemp(join(tmpdir(), 'isthmus-journal-'))
    const remote = await openStore(other, { shared: true, now: () => NOON })
    try {
      const item = { itemId: 'i1', version: 1, ingestedAt: NOON, contentHash: 'x', embedderId: 'e', state: 'pending' } as const
      await remote.putItems([{ ...item, domain: 'cloth' }])
      const early = remote.register('item:i1')!
      await store.putItems([{ ...item, domain: 'sport' }])
      expect(await store.mergeRegisters([early])).toEqual([])
      expect(store.getItem('i1')?.domain).toBe('sport')
      await remote.mergeRegisters([store.register('item:i1')!])
      await remote.deleteItem('i1', 'sport')
      await remote.putItems([{ ...item, domain: 'cloth' }])
      expect(await store.mergeRegisters([remote.register('item:i1')!])).toEqual(['item:i1'])
      expect([...store.changes()]).toEqual([...remote.changes()])
      expect(store.getItem('i1')?.domain).toBe('cloth')
    } finally {
      await remote.close()
      await rm(other, { recursive: true })
    }
  })

  it('is not sent back', async () => {
    await store.mergeUsers(new Map([[userKey('u'), { erased: 0, events: [['a', 5, 9, 'e', 'view']] }]]))
    await store.mergeRegisters([{ key: `user:${userKey('v')}`, stamp: '0000000000000005.aaaaaaaa', value: encodeRecord(null) }])
    expect([store.outbox.depth, store.isErased('v')]).toEqual([0, true])
  })
})

it('P24: a store of the first format is opened, and has all it had', async () => {
  const root = open<Buffer, string>({ path: join(dir, 'store.mdb'), noSubdir: true, encoding: 'binary' })
  const table = (name: string) => root.openDB<Buffer, string | number>(name, { encoding: 'binary' })
  await table('meta').put('format', encodeRecord(1))
  await table('histories').put('u', encodeRecord([['a', 1], ['b', NOON, 'view'], ['b', NOON, 'rate', 4]]))
  await table('erased').put(sha256('v'), encodeRecord(NOON))
  await table('changes').put(1, encodeRecord({ kind: 'delete', itemId: 'i1', domain: 'sport' }))
  await table('items').put('i1', encodeRecord({ deletions: { sport: 1 } }))
  await root.close()
  for (let opened = 0; opened < 2; opened++) {
    const store = await openStore(dir)
    expect((await store.history('u', 10)).entries).toEqual([
      { itemId: 'a', timestamp: 1 }, { itemId: 'b', timestamp: NOON }, { itemId: 'b', timestamp: NOON },
    ])
    expect([store.isErased('u'), store.isErased('v')]).toEqual([false, true])
    expect([...store.changes()]).toEqual([{ kind: 'delete', itemId: 'i1', domain: 'sport' }])
    expect(await store.deleteItem('i1', 'sport')).toBe(false)
    await store.close()
  }
})

function event (i: number, userId = 'u'): StoredEvent {
  return { eventId: `e${i}`, userId, itemId: `item-${i}`, type: 'view', timestamp: NOON + i }
}
