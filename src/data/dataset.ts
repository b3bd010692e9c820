/**
 * What every offline step reads: items, users and their purchases, already filtered, numbered and ordered.
 * Domain k's items hold the global ids `offset + 1 .. offset + size`, its local ids are `1 .. size`; 0 is padding,
 * and only padding, in both.
 */
export interface Domain {
  readonly name: string
  readonly size: number
  readonly offset: number
  /** Of an augmented dataset: the global ids `offset + 1 .. offset + size` of items that nobody sells. */
  readonly fresh?: { readonly size: number, readonly offset: number }
}

/** An item as its owner describes it. `price` is in the shop's own currency. */
export interface Item {
  readonly itemId: string
  readonly domain: string
  readonly title?: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price?: number
  readonly date?: string
  readonly features?: readonly string[]
  readonly description?: string
}

export interface Dataset {
  /** sha256 over everything below; each later artefact carries it. */
  readonly digest: string
  readonly domains: readonly Domain[]
  /** The item with global id g is `items[g - 1]`. */
  readonly items: readonly Item[]
  /** User u is `users[u]`, by the id its owner gave. */
  readonly users: readonly string[]
  /** User u's events are `events[offsets[u] .. offsets[u + 1])`: [users + 1]. */
  readonly offsets: Uint32Array
  /** Global item ids in time order, all domains mixed; a user's last is the test target, the one before validation. */
  readonly events: Int32Array
  /** Unix milliseconds of each event. */
  readonly times: Float64Array
  /** Evaluation candidates shared by all systems and runs (sampled-100). */
  readonly candidates: CandidateBook
  /** Synthetic events between those of the training prefixes, for encoders alone (`trainInput`, `modelInput`). */
  readonly augmentation?: Augmentation
}

/**
 * What `augment` lays over a dataset, which itself stays as it was: targets, candidates, what a user has seen,
 * popularity and transitions are read from `events`, where nothing synthetic stands.
 */
export interface Augmentation {
  /** Items that nobody sells, by domain: global id `dataset.items.length + 1 + i` is `items[i]`. */
  readonly items: readonly Item[]
  /** User u's augmented training prefix is `events[offsets[u] .. offsets[u + 1])`: [users + 1]. */
  readonly offsets: Uint32Array
  /** Global ids in order, of the dataset's items and of fresh ones. */
  readonly events: Int32Array
  /** [events]: 1 where a model made the event up, also where its item is a real one, else 0. */
  readonly synthetic: Int32Array
}

/** The part of a dataset that a split needs. */
export type Sequenced = Pick<Dataset, 'offsets' | 'events'>

/** 100 negatives for each (user, split), as global ids, row-major [users, 100]; 0 where the domain has too few. */
export interface CandidateBook {
  readonly seed: number
  readonly digest: string
  readonly valid: Int32Array
  readonly test: Int32Array
}

export const CANDIDATES_PER_USER = 100

export type Split = 'valid' | 'test'

/** A sequence needs one event to train on, one to validate and one to test. */
export const FEWEST_EVENTS = 3

/** Index of the domain that a global id (> 0) belongs to, fresh ones included. */
export function domainOf (domains: readonly Domain[], globalId: number): number {
  for (let k = domains.length - 1; k >= 0; k--) if (globalId > (domains[k]!.fresh?.offset ?? Infinity)) return k
  for (let k = domains.length - 1; k > 0; k--) if (globalId > domains[k]!.offset) return k
  return 0
}

/** A user's training prefix: all but the last two events, and nothing synthetic. */
export function trainPrefix (dataset: Sequenced, user: number): Int32Array {
  return dataset.events.subarray(dataset.offsets[user]!, dataset.offsets[user + 1]! - 2)
}

/** What a system may look at to predict the target of `split`: for test, training prefix and validation item. */
export function evaluationInput (dataset: Sequenced, user: number, split: Split): Int32Array {
  return dataset.events.subarray(dataset.offsets[user]!, dataset.offsets[user + 1]! - (split === 'test' ? 1 : 2))
}

/** The global id to predict. */
export function target (dataset: Sequenced, user: number, split: Split): number {
  return dataset.events[dataset.offsets[user + 1]! - (split === 'test' ? 1 : 2)]!
}
