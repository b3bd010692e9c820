import { createHash } from 'node:crypto'
import { isStamp } from '../clock.ts'
import { checkRegister, type Register } from '../register.ts'
import type { Replica } from '../replica.ts'
import { checkUserState, mergeUserStates, NO_STATE, type UserState } from '../user-state.ts'
import type { ChangeLog } from './change-log.ts'
import { mastersOf, type RedisClient, runScript } from './client.ts'
import type { RedisKeys } from './keys.ts'
import { PUT_LATEST, SWAP } from './scripts.ts'

/** A stamp has so many characters. */
const STAMP = 25
const ATTEMPTS = 20
const SCAN_AT_ONCE = 500

export interface RedisReplica extends Replica {
  /** Undefined where nothing is known of the user. Reads with `client`, or another one of the same server. */
  user: (key: string, reader?: RedisClient) => Promise<UserState | undefined>
  readRegisters: (keys: readonly string[]) => Promise<Register[]>
}

export interface RedisReplicaDeps {
  readonly client: RedisClient
  readonly keys: RedisKeys
  readonly log: Pick<ChangeLog, 'append'>
  /** Told of each value that is none of ours; it counts as absent. */
  readonly onCorrupt?: (kind: 'user' | 'register') => void
}

/**
 * Redis as a replica: a string a user, and registers in hashes. A user's state is merged here and put where nobody
 * put another meanwhile, so that one function says what a merge is.
 */
export function createRedisReplica ({ client, keys, log, onCorrupt = () => {} }: RedisReplicaDeps): RedisReplica {
  function decodeUser (text: string | null): UserState | undefined {
    if (text === null) return undefined
    const state = checkUserState(parse(text))
    if (state === undefined) onCorrupt('user')
    return state
  }

  function decodeRegister (key: string, bytes: Buffer | null): Register[] {
    if (bytes === null) return []
    const stamp = bytes.toString('latin1', 0, STAMP)
    const register = { key, stamp, value: bytes.subarray(STAMP) }
    if (isStamp(stamp) && checkRegister(register)) return [register]
    onCorrupt('register')
    return []
  }

  async function mergeUser (key: string, state: UserState): Promise<void> {
    const name = keys.user(key)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const old = await client.get(name)
      const known = decodeUser(old)
      const merged = JSON.stringify(mergeUserStates(known ?? NO_STATE, state))
      if (merged === old) return
      const digest = old === null ? '' : createHash('sha1').update(old).digest('hex')
      if (await runScript(client, SWAP, [name], [digest, merged]) === 1) return
    }
    throw new Error('others kept changing this user')
  }

  async function * userNames (): AsyncGenerator<string> {
    for (const node of mastersOf(client)) {
      const pages = node.scanStream({ match: keys.userPattern, count: SCAN_AT_ONCE })
      for await (const names of pages) yield * names as string[]
    }
  }

  return {
    user: async (key, reader = client) => decodeUser(await reader.get(keys.user(key))),

    async * users () {
      const seen = new Set<string>()
      for await (const name of userNames()) {
        const key = keys.userOf(name)
        if (key === undefined || seen.has(key)) continue
        seen.add(key)
        const state = decodeUser(await client.get(name))
        if (state !== undefined) yield [key, state]
      }
    },

    async * registers () {
      for (const bucket of keys.buckets) {
        let cursor = '0'
        do {
          const [next, fields] = await client.hscanBuffer(bucket, cursor, 'COUNT', SCAN_AT_ONCE)
          cursor = next.toString()
          for (let i = 0; i + 1 < fields.length; i += 2) yield * decodeRegister(fields[i]!.toString(), fields[i + 1]!)
        } while (cursor !== '0')
      }
    },

    async readRegisters (wanted) {
      const found = await Promise.all([...new Set(wanted)].map(async (key) =>
        decodeRegister(key, await client.hgetBuffer(keys.registers(key), key))))
      return found.flat()
    },

    async mergeUsers (states) {
      await Promise.all([...states].map(async ([key, state]) => await mergeUser(key, state)))
    },

    async mergeRegisters (registers) {
      const results = await Promise.all(registers.map(async ({ key, stamp, value }) =>
        await runScript(client, PUT_LATEST, [keys.registers(key)], [key, Buffer.concat([Buffer.from(stamp), value])])))
      // What was there already may have been put by a call that ended before it could tell.
      await log.append(registers.filter((_, i) => results[i] !== -1).map(({ key }) => key))
      return registers.filter((_, i) => results[i] === 1).map(({ key }) => key)
    },
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not ours; the caller says so.
    return undefined
  }
}
