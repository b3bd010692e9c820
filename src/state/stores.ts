/**
 * What the service remembers between requests. Implementations: `embedded/` (lmdb, on this machine's disk) and
 * `shared/` (the same, with Redis as the view that instances share); all pass `test/state/stores.contract.ts`. Every
 * write resolves only when it would survive a power cut. Writes fail with `store_full`, `store_overloaded`,
 * `store_timeout` (the outcome is unknown) or `store_unavailable`; a record that is not the one written fails with
 * `store_corrupt`.
 */
export interface StoredEvent {
  /** Chosen by the caller, or made by the service: an event with a known id is a duplicate, never a second event. */
  readonly eventId: string
  readonly userId: string
  readonly itemId: string
  readonly type: string
  /** Unix milliseconds. */
  readonly timestamp: number
  /** The caller gave no time and `timestamp` is that of arrival: the same event, sent again, has another. */
  readonly undated?: true
  readonly value?: number
}

export interface HistoryEntry { readonly itemId: string, readonly timestamp: number }

/**
 * `conflict`: the id is known with another body. `stuffing`: the user's kept history has MAX_PER_USER_ITEM_DAY events
 * of this item on this day (UTC) already. Only `accepted` changes anything. An id is known to the instance that took
 * it; what two instances took under one id is kept once in the view that they share.
 */
export type EventOutcome = 'accepted' | 'duplicate' | 'conflict' | 'stuffing'

/** Entries kept of one user: the latest. */
export const MAX_HISTORY = 1000
export const MAX_PER_USER_ITEM_DAY = 100
/** How long an event's id is known, counted from the later of its time and its arrival, in milliseconds. */
export const EVENT_ID_KEPT = 8 * 24 * 60 * 60 * 1000

export interface HistoryStore {
  /** One outcome per event, in order. All that is accepted is written, or the call fails and nothing is. */
  append: (events: readonly StoredEvent[]) => Promise<EventOutcome[]>
  history: (userId: string, limit: number) => Promise<StoredHistory>
  /**
   * Forgets all that is known of the user. A tombstone keeps seeds, imports and other instances from bringing it back;
   * an event that comes later opens a fresh history.
   */
  erase: (userId: string) => Promise<void>
  /** Whether the user was erased, as far as this instance knows. */
  isErased: (userId: string) => boolean
  /**
   * Brings in histories from elsewhere, once per `source` (a bundle digest or an import's digest); a call that was
   * stopped goes on where it left off, so a source must give the same histories in the same order each time.
   * Returns what this call wrote.
   */
  seed: (source: string, histories: AsyncIterable<SeedHistory>, options?: SeedOptions) => Promise<SeedCounts>
}

export interface StoredHistory {
  /** The latest, oldest first (by timestamp, then by arrival). */
  readonly entries: readonly HistoryEntry[]
  /** `shared_store_unavailable`: what other instances know is absent. */
  readonly degradedReasons: readonly 'shared_store_unavailable'[]
}

export interface SeedOptions {
  /** A user with a history here is left alone (`keep`, the default), or gets the entries that are not there yet. */
  readonly known?: 'keep' | 'merge'
  /** Called after each group that is on disk, with the histories read so far. */
  readonly onProgress?: (read: number) => void
}

export interface SeedCounts { readonly users: number, readonly events: number }

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

export type ItemChange =
  | { readonly kind: 'put', readonly item: StoredItem }
  | { readonly kind: 'delete', readonly itemId: string, readonly domain: string }

export interface ItemStore {
  /** Writes all or none. Fails with `item_in_two_domains` where an item that is there has another domain. */
  putItems: (items: readonly StoredItem[]) => Promise<void>
  getItem: (itemId: string) => StoredItem | undefined
  /** True if the item was there. A deleted item of a bundle stays hidden. */
  deleteItem: (itemId: string, domain: string) => Promise<boolean>
  /** Items and deletions, in the order in which they were written: what an engine replays when it opens a bundle. */
  changes: () => Iterable<ItemChange>
}

/** Which version of a model to serve, or of which split between versions; those who activate say what it holds. */
export interface ModelChoice {
  readonly name: string
  readonly version: string
  /** Anything more, as JSON. */
  readonly detail?: unknown
}

export interface ModelStore {
  /** The latest choice for a model's name, by any instance. */
  chosenModel: (name: string) => ModelChoice | undefined
  /** Resolves when it would survive a power cut; other instances are told. */
  chooseModel: (choice: ModelChoice) => Promise<void>
}

/** What another instance did, once this one's own store has it. */
export type RemoteChange =
  | { readonly kind: 'item', readonly itemId: string }
  | { readonly kind: 'model', readonly choice: ModelChoice }

export interface Store extends HistoryStore, ItemStore, ModelStore {
  /** Waits for what is being written; later writes fail with `store_unavailable`. */
  close: () => Promise<void>
}
