import type { Journal, Position } from '../journal.ts'
import type { ChangeLog, LogStatus } from '../redis/change-log.ts'
import type { Register } from '../register.ts'
import type { RedisReplica } from '../redis/redis-replica.ts'

/** What a server that takes over may lack: its master's last writes. */
const RECENT_MICROSECONDS = 10 * 60 * 1e6
const GROUP = 256

/**
 * Why an instance reads all registers anew: `first` time here; `lost`, the shared store began anew or forgot entries;
 * `gap`, entries were cut off before this instance had read them.
 */
export type ResyncReason = 'first' | 'lost' | 'gap'

export interface FollowerDeps {
  readonly journal: Journal
  readonly log: ChangeLog
  readonly replica: Pick<RedisReplica, 'registers' | 'readRegisters'>
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told of the keys of registers that this instance now has a newer value of. */
  readonly onChanged: (keys: readonly string[]) => void
  readonly onResync: (reason: ResyncReason) => void
  /** Told how old the last entry was when it was read, in milliseconds by the server's clock. */
  readonly onLag: (ms: number) => void
}

/**
 * Reads the log from where this instance stopped, and takes over what the registers it names hold. Numbers without a
 * gap show when entries are missing, an epoch when the log itself is another; both are made good by reading all
 * registers, and what the shared store may have lost is marked to be sent again. Resolves to the entries read.
 */
export function createFollower (deps: FollowerDeps): () => Promise<number> {
  const { journal, log, replica, now, onChanged, onResync, onLag } = deps
  let servers: string | undefined

  async function resync (status: LogStatus, reason: ResyncReason): Promise<void> {
    // Where the log ended before the registers are read: what comes meanwhile is read again.
    const group: Register[] = []
    const take = async (): Promise<void> => {
      const changed = await journal.mergeRegisters(group.splice(0))
      if (changed.length > 0) onChanged(changed)
    }
    for await (const register of replica.registers()) if (group.push(register) === GROUP) await take()
    await take()
    await journal.savePosition(status)
    onResync(reason)
  }

  async function watchServers (): Promise<void> {
    const found = await log.servers()
    if (servers !== undefined && servers !== found) await journal.outbox.markAll(1000 * now() - RECENT_MICROSECONDS)
    servers = found
  }

  async function read (known: Position, status: LogStatus): Promise<number> {
    const entries = await log.read(known.id)
    const isWhole = entries.every(({ number }, i) => number === known.number + 1 + i)
    const last = entries.at(-1)
    if (!isWhole || (last === undefined && status.number > known.number)) {
      await resync(status, 'gap')
      return entries.length
    }
    if (last === undefined) {
      onLag(0)
      return 0
    }
    const changed = await journal.mergeRegisters(await replica.readRegisters(entries.map(({ key }) => key)))
    if (changed.length > 0) onChanged(changed)
    await journal.savePosition({ epoch: known.epoch, number: last.number, id: last.id })
    onLag(Math.max(0, status.time - Number(last.id.split('-')[0])))
    return entries.length
  }

  return async () => {
    await watchServers()
    const status = await log.status()
    const known = journal.position()
    if (known !== undefined && known.epoch === status.epoch && known.number <= status.number) {
      return await read(known, status)
    }
    // Nothing, or something else, is there: all that this instance ever acknowledged is sent.
    await journal.outbox.markAll(0)
    await resync(status, known === undefined ? 'first' : 'lost')
    return 0
  }
}
