import { NO_STAMP, stamp, timeOf } from '../clock.ts'
import type { Journal } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { decodeItemFacts, encodeItemFacts, parseKey, type Register, registerKey } from '../register.ts'
import type { Replica } from '../replica.ts'
import type { ModelChoice } from '../stores.ts'
import { mergeUserStates, type UserState } from '../user-state.ts'
import type { Tables } from './environment.ts'
import type { Items } from './items.ts'
import type { Models } from './models.ts'
import { readUser, writeUser } from './users.ts'
import type { Writer } from './writer.ts'

export interface ReplicaDeps {
  readonly tables: Tables
  readonly writer: Writer
  readonly items: Items
  readonly models: Models
}

/** The store on disk as one replica among others. */
export function createReplica (
  { tables, writer, items, models }: ReplicaDeps
): Replica & Pick<Journal, 'user' | 'register'> {
  const user = (key: string): UserState => readUser(tables, key)

  const merge = (key: string, state: UserState): boolean => {
    const old = user(key)
    const merged = mergeUserStates(old, state)
    if (JSON.stringify(merged) === JSON.stringify(old)) return false
    writeUser(tables, key, merged)
    return true
  }

  function register (key: string): Register | undefined {
    const { kind, name } = parseKey(key) ?? {}
    if (kind === undefined || name === undefined) return undefined
    if (kind === 'item') {
      const known = items.facts(name)
      return known && { key, stamp: known.stamp, value: encodeItemFacts(known.facts) }
    }
    if (kind === 'model') {
      const known = models.chosen(name)
      return known && { key, stamp: known.stamp, value: encodeRecord(known.choice) }
    }
    const { erased } = user(name)
    return erased === 0 ? undefined : { key, stamp: stamp(erased, NOBODY), value: encodeRecord(null) }
  }

  function mergeOne ({ key, stamp: at, value }: Register): boolean {
    const { kind, name } = parseKey(key) ?? {}
    if (kind === undefined || name === undefined) return false
    if (kind === 'item') return items.merge(name, at, decodeItemFacts(value))
    if (kind === 'model') return models.mergeModel(at, decodeRecord(value).value as ModelChoice)
    return merge(name, { erased: timeOf(at), events: [] })
  }

  return {
    user,
    register,

    async * users () {
      const keys = new Set<string>()
      for (const key of tables.histories.getKeys({ snapshot: false })) {
        keys.add(key)
        yield [key, user(key)]
      }
      for (const key of tables.erased.getKeys({ snapshot: false })) if (!keys.has(key)) yield [key, user(key)]
    },

    async * registers () {
      for (const [kind, names] of [
        ['user', tables.erased.getKeys({ snapshot: false })],
        ['item', tables.items.getKeys({ snapshot: false })],
        ['model', tables.models.getKeys({ snapshot: false })],
      ] as const) {
        for (const name of names) {
          const found = register(registerKey(kind, name))
          if (found !== undefined) yield found
        }
      }
    },

    mergeUsers: async (states) => await writer.write(() => {
      for (const [key, state] of states) merge(key, state)
    }, [...states.values()].reduce((sum, { events }) => sum + 96 * (events.length + 1), 0)),

    mergeRegisters: async (registers) => await writer.write(
      () => registers.filter(mergeOne).map(({ key }) => key),
      registers.reduce((sum, { value }) => sum + value.length + 512, 0)),
  }
}

/** An erasure is the same whoever tells of it. */
const NOBODY = NO_STAMP.slice(-8)
