import type { Register } from './register.ts'
import type { Replica } from './replica.ts'
import type { Store } from './stores.ts'
import type { UserState } from './user-state.ts'

/** Something that the shared store does not have yet, and the number of its latest change. */
export interface Mark { readonly key: string, readonly number: number }

/**
 * Names what was written here and is not yet confirmed by the shared store, in the transaction of the write itself. A
 * thing that changes twice before it is sent is sent once, as it is then.
 */
export interface Outbox {
  /** Inside a transaction. */
  mark: (key: string) => void
  has: (key: string) => boolean
  /** The next so many; each is given again, in its turn, until it is confirmed. */
  take: (limit: number) => Mark[]
  /** Forgets those that were not marked again since they were taken. */
  confirm: (marks: readonly Mark[]) => Promise<void>
  /** Marks all that arrived here at `since` (microseconds) or later: the shared store may have lost it. */
  markAll: (since: number) => Promise<void>
  readonly depth: number
  /** Called after each mark. */
  onMark: (listener: () => void) => void
}

/** What a mark of a user's history is called; registers are marked by their own keys. */
const USER = 'state:'

export function userMark (key: string): string {
  return USER + key
}

/** The userKey of a mark; undefined where it is a register's. */
export function markedUser (mark: string): string | undefined {
  return mark.startsWith(USER) ? mark.slice(USER.length) : undefined
}

/** Up to where this instance has read the shared log. */
export interface Position {
  /** Of the log's making: another one means that the shared store lost what it had. */
  readonly epoch: string
  /** Number of the last entry. */
  readonly number: number
  /** Id of the last entry in the stream. */
  readonly id: string
}

/** The store on disk, as a shared store builds on it: the record of all that this instance acknowledged. */
export interface Journal extends Store, Replica {
  /** 8 hex digits of this store's own. */
  readonly instance: string
  readonly outbox: Outbox
  /** By userKey. */
  user: (key: string) => UserState
  register: (key: string) => Register | undefined
  position: () => Position | undefined
  savePosition: (position: Position) => Promise<void>
}
