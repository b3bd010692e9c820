import { randomUUID } from 'node:crypto'
import { mastersOf, type RedisClient, runScript } from './client.ts'
import type { RedisKeys } from './keys.ts'
import { LOG, STATUS } from './scripts.ts'

/** Entries that are kept, about: an instance that was away longer reads everything anew. */
export const LOG_LENGTH = 100_000
const READ_AT_ONCE = 512

/** What changed, in numbered entries without a gap; each names a register. */
export interface ChangeLog {
  append: (keys: readonly string[]) => Promise<void>
  status: () => Promise<LogStatus>
  /** The entries after an id, so many at most. */
  read: (after: string) => Promise<LogEntry[]>
  /** Which servers hold the data: another answer means that others took over, or that one began anew. */
  servers: () => Promise<string>
}

export interface LogStatus {
  readonly epoch: string
  /** Of the last entry. */
  readonly number: number
  readonly id: string
  /** The server's unix milliseconds. */
  readonly time: number
}

export interface LogEntry { readonly id: string, readonly number: number, readonly key: string }

export function createChangeLog (client: RedisClient, keys: RedisKeys, length: number = LOG_LENGTH): ChangeLog {
  const both = [keys.stream, keys.log]
  return {
    async append (changed) {
      if (changed.length > 0) await runScript(client, LOG, both, [randomUUID(), length, ...changed])
    },

    async status () {
      const [epoch = '', number = '0', id = '0-0', time = '0'] =
        await runScript(client, STATUS, both, [randomUUID()]) as string[]
      return { epoch, number: Number(number), id, time: Number(time) }
    },

    async read (after) {
      const streams = await client.xread('COUNT', READ_AT_ONCE, 'STREAMS', keys.stream, after)
      return (streams?.[0]?.[1] ?? []).map(([id, fields]) => {
        const at = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
        return { id, number: Number(at('number')), key: at('key') }
      })
    },

    async servers () {
      const infos = await Promise.all(mastersOf(client).map(async (node) => await node.info('replication')))
      return infos.map((info) => /^master_replid:(\S+)/m.exec(info)?.[1] ?? '').sort().join(' ')
    },
  }
}
