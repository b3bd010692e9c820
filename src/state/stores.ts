/**
 * What the service remembers between requests. Implementation: `embedded/` (lmdb, on this machine's disk); all pass
 * `test/state/stores.contract.ts`. Every write resolves only when it would survive a power cut.
 */
export interface StoredEvent {
  /** Chosen by the caller, or made by the service: an event with a known id is a duplicate, never a second event. */
  readonly eventId: string
  readonly userId: string
  readonly itemId: string
  readonly type: string
  /** Unix milliseconds. */
  readonly timestamp: number
  readonly value?: number
}

export interface HistoryEntry { readonly itemId: string, readonly timestamp: number }

export type EventOutcome = 'accepted' | 'duplicate' | 'conflict'

export interface HistoryStore {
  /** One outcome per event, in order; `conflict`: the id is known with another body. All that is accepted, or none. */
  append: (events: readonly StoredEvent[]) => Promise<EventOutcome[]>
  /** The latest `limit` entries, oldest first (by timestamp, then by arrival). */
  history: (userId: string, limit: number) => HistoryEntry[]
  /** Forgets the user for good: history gone, and a tombstone keeps seeds and imports from bringing it back. */
  erase: (userId: string) => Promise<void>
  isErased: (userId: string) => boolean
  /**
   * Gives a history to users that the store does not know, once per `source` (a bundle digest or an import's digest).
   * Resumes where a stopped call left off. Returns users and events written.
   */
  seed: (source: string, histories: AsyncIterable<SeedHistory>) => Promise<{ users: number, events: number }>
}

export interface SeedHistory { readonly userId: string, readonly events: readonly HistoryEntry[] }

/** An item that was posted to the service, with the raw text embedding it is retrieved by. */
export interface StoredItem {
  readonly itemId: string
  readonly domain: string
  readonly version: number
  readonly title?: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price?: number
  readonly features?: readonly string[]
  readonly description?: string
  /** Unix milliseconds of the first acceptance. */
  readonly ingestedAt: number
  /** sha256 of the body as posted: the same body again changes nothing. */
  readonly contentHash: string
  readonly embedderId: string
  /** Raw text embedding [raw width]; absent while `state` is pending. */
  readonly embedding?: Float32Array
  readonly state: 'ready' | 'pending'
}

export interface ItemStore {
  /** Writes all or none. */
  putItems: (items: readonly StoredItem[]) => Promise<void>
  getItem: (itemId: string) => StoredItem | undefined
  /** True if the item was there. A deleted item of a bundle stays hidden. */
  deleteItem: (itemId: string, domain: string) => Promise<boolean>
  /** Items and deletions, in the order in which they were written: what an engine replays when it opens a bundle. */
  changes: () => Iterable<{ kind: 'put', item: StoredItem } | { kind: 'delete', itemId: string, domain: string }>
}

export interface Store extends HistoryStore, ItemStore {
  close: () => Promise<void>
}
