import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stamp } from '../../src/state/clock.ts'
import { encodeRecord } from '../../src/state/record.ts'
import { decodeItemFacts, encodeItemFacts, type Register, registerKey } from '../../src/state/register.ts'
import { copyState, type Replica } from '../../src/state/replica.ts'
import type { StoredItem } from '../../src/state/stores.ts'
import { type UserState, userKey } from '../../src/state/user-state.ts'

export interface ReplicaFixture { readonly replica: Replica, readonly close: () => Promise<void> }

/** What every place that holds state promises. `open` gives an empty one. */
export function replicaContract (name: string, open: () => Promise<ReplicaFixture>): void {
  describe(`a replica: ${name}`, () => {
    let fixture: ReplicaFixture
    let replica: Replica
    beforeEach(async () => {
      fixture = await open()
      replica = fixture.replica
    })
    afterEach(async () => { await fixture.close() })

    const ann = userKey('ann')
    const mine: UserState = { erased: 0, events: [['a', 5, 1], ['b', 6, 100, 'e1', 'view', 2.5]] }
    const yours: UserState = { erased: 0, events: [['b', 6, 101, 'e1', 'view', 2.5], ['c', 7, 102, 'e2', 'view']] }

    it('merges what two instances know of a user, and each of many', async () => {
      await replica.mergeUsers(new Map([[ann, mine], [userKey('bob'), yours]]))
      await replica.mergeUsers(new Map([[ann, yours]]))
      expect(await users(replica)).toEqual({
        [ann]: { erased: 0, events: [mine.events[0], ...yours.events] }, [userKey('bob')]: yours,
      })
    })

    it('forgets a user, and takes what comes later', async () => {
      await replica.mergeUsers(new Map([[ann, mine]]))
      await replica.mergeUsers(new Map([[ann, { erased: 101, events: [] }]]))
      await replica.mergeUsers(new Map([[ann, mine]]))
      expect(await users(replica)).toEqual({ [ann]: { erased: 101, events: [] } })
      await replica.mergeUsers(new Map([[ann, yours]]))
      expect(await users(replica)).toEqual({ [ann]: { erased: 101, events: [yours.events[1]] } })
    })

    it('keeps the latest value of each register, whatever the order', async () => {
      const [first, second, third] = [1, 2, 3].map((at) => model('shop', at))
      expect(await replica.mergeRegisters([second!])).toEqual([second!.key])
      expect(await replica.mergeRegisters([first!, second!])).toEqual([])
      expect(await registers(replica)).toEqual([second])
      expect(await replica.mergeRegisters([third!, model('other', 1)])).toEqual([third!.key, 'model:other'])
      expect(await registers(replica)).toEqual([model('other', 1), third])
    })

    it('tells two writes of one moment apart, the same way everywhere', async () => {
      const low = model('shop', 5, 'aaaaaaaa')
      const high = model('shop', 5, 'bbbbbbbb')
      await replica.mergeRegisters([high])
      expect(await replica.mergeRegisters([low])).toEqual([])
      expect(await registers(replica)).toEqual([high])
    })

    it('keeps an item to the bit, its deletion, and where it is hidden', async () => {
      const embedding = Float32Array.from([0.1, -2, 3e-8])
      const put: Register = {
        key: 'item:i1', stamp: stamp(1, 'aaaaaaaa'), value: encodeItemFacts({ item: { ...item, embedding }, hidden: ['cloth'] }),
      }
      await replica.mergeRegisters([put])
      expect(await registers(replica)).toEqual([put])
      const [found] = await registers(replica)
      expect(decodeItemFacts(found!.value)).toEqual({ item: { ...item, embedding }, hidden: ['cloth'] })
      const gone: Register = {
        key: 'item:i1', stamp: stamp(2, 'aaaaaaaa'), value: encodeItemFacts({ hidden: ['cloth', 'sport'] }),
      }
      await replica.mergeRegisters([gone])
      expect(await registers(replica)).toEqual([gone])
    })

    it('gives all that it holds, for a copy that holds the same', async () => {
      const many = new Map(Array.from({ length: 600 }, (_, i) => [userKey(`u${i}`), mine] as const))
      await replica.mergeUsers(many)
      await replica.mergeUsers(new Map([[ann, { erased: 7, events: [] }]]))
      const facts = Array.from({ length: 300 }, (_, i) => model(`m${i}`, i + 1))
      await replica.mergeRegisters(facts)
      const copy = { users: new Map<string, UserState>(), registers: new Map<string, Register>() }
      const told: unknown[] = []
      const counts = await copyState(replica, {
        async mergeUsers (states) { for (const [key, state] of states) copy.users.set(key, state) },
        async mergeRegisters (given) {
          for (const register of given) copy.registers.set(register.key, register)
          return []
        },
      }, ({ users, registers }) => told.push([users, registers]))
      expect(counts.users).toBe(601)
      expect(told.at(-1)).toEqual([601, counts.registers])
      expect(told.length).toBeGreaterThan(3)
      expect(copy.users.get(userKey('u599'))).toEqual(mine)
      expect(copy.users.get(ann)).toEqual({ erased: 7, events: [] })
      for (const fact of facts) expect(copy.registers.get(fact.key)).toEqual(fact)
    })
  })
}

const item: StoredItem = {
  itemId: 'i1',
  domain: 'sport',
  version: 3,
  title: 'Löwe ⚽',
  categories: ['x'],
  ingestedAt: 1_760_000_000_000,
  contentHash: 'abc',
  embedderId: 'hash/3',
  state: 'ready',
}

function model (name: string, at: number, instance = 'aaaaaaaa'): Register {
  return {
    key: registerKey('model', name), stamp: stamp(at, instance), value: encodeRecord({ name, version: `v${at} of ${instance}` }),
  }
}

async function users (replica: Replica): Promise<Record<string, UserState>> {
  const found: Record<string, UserState> = {}
  for await (const [key, state] of replica.users()) found[key] = state
  return found
}

async function registers (replica: Replica): Promise<Register[]> {
  const found: Register[] = []
  for await (const register of replica.registers()) found.push(register)
  return found.sort((a, b) => a.key < b.key ? -1 : 1)
}
