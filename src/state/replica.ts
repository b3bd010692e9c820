import type { Register } from './register.ts'
import type { UserState } from './user-state.ts'

/**
 * A place that holds state as a whole: the store on this machine's disk, or Redis. What is merged in may come in any
 * order and more than once. Both pass `test/state/replica.contract.ts`.
 */
export interface Replica {
  /** By userKey, in no order. */
  users: () => AsyncIterable<readonly [key: string, state: UserState]>
  registers: () => AsyncIterable<Register>
  mergeUsers: (states: ReadonlyMap<string, UserState>) => Promise<void>
  /** The keys that got a newer value by this. */
  mergeRegisters: (registers: readonly Register[]) => Promise<string[]>
}

/** Users or registers merged at once. */
const GROUP = 256

export interface CopyCounts { readonly users: number, readonly registers: number }

/** Brings everything of one replica into another, which keeps what it has. Registers go first: erasures are some. */
export async function copyState (
  from: Pick<Replica, 'users' | 'registers'>, to: Pick<Replica, 'mergeUsers' | 'mergeRegisters'>,
  onProgress?: (counts: CopyCounts) => void
): Promise<CopyCounts> {
  const counts = { users: 0, registers: 0 }
  for await (const group of groups(from.registers())) {
    await to.mergeRegisters(group)
    counts.registers += group.length
    onProgress?.(counts)
  }
  for await (const group of groups(from.users())) {
    await to.mergeUsers(new Map(group))
    counts.users += group.length
    onProgress?.(counts)
  }
  return counts
}

async function * groups<T> (all: AsyncIterable<T>): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const one of all) {
    if (group.push(one) < GROUP) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
