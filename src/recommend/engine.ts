/**
 * The engine: one bundle, loaded, with its encoder and its indexes. `engine-core.ts` does the work in the thread that
 * calls it (tests, export); `engine-worker.ts` runs that core in a worker thread; `engine-client.ts` is the same
 * interface on the HTTP thread, with a bounded queue and deadlines. All pass `test/recommend/engine.contract.ts`.
 */
export interface Engine {
  readonly model: { readonly name: string, readonly version: string }
  /** The bundle's, then those that were opened since. */
  readonly domains: readonly string[]
  /** Those that were opened since. */
  readonly openedDomains: readonly string[]
  /** Whether the bundle answers for domains that it has nothing of. */
  readonly opensDomains: boolean
  readonly about: EngineAbout
  /** Raw embeddings accepted by `putItems`. */
  readonly embedder: { readonly id: string, readonly width: number }
  /**
   * `gone` says that nobody waits any more: the job is then not begun.
   * Fails with `overloaded` (queue full, or too long for the deadline), `deadline_exceeded`, `engine_unavailable` or
   * `engine_bad_output`.
   */
  recommend: (job: RecommendJob, gone?: () => boolean) => Promise<RecommendResult>
  similar: (job: SimilarJob) => Promise<RankedItem[] | undefined>
  /**
   * Makes a domain for items to follow, unless it is there. Fails with `domains_fixed` where the bundle answers for its
   * own alone, and with `validation_failed` for a name that none may have.
   */
  openDomain: (domain: string) => Promise<void>
  /** Fails with `unknown_domain`. */
  search: (job: SearchJob) => Promise<SearchResult>
  /** Items on a flat chart: those named, as far as they are known, or some of all. Undefined where none was drawn. */
  chart: (itemIds?: readonly string[]) => Promise<ChartResult | undefined>
  putItems: (items: readonly EngineItem[]) => Promise<void>
  removeItem: (itemId: string) => Promise<boolean>
  /** The item as the catalogue knows it, or undefined. */
  describe: (itemId: string) => Promise<EngineItemView | undefined>
  status: () => EngineStatus
  close: () => Promise<void>
}

/** What a bundle is. */
export interface EngineAbout {
  readonly system: string
  /** True where the data is made up: said wherever the bundle shows. */
  readonly generated: boolean
  readonly threads: Array<'global' | 'local'>
}

export interface RecommendJob {
  readonly domain: string
  /** Item ids, oldest first, any domain; unknown ones are dropped and counted. */
  readonly history: readonly string[]
  /** Raw text embedding of what is known of a user without usable history. */
  readonly text?: Float32Array
  readonly k: number
  readonly exclude: readonly string[]
  readonly excludeSeen: boolean
  readonly filter?: ItemFilter
  /** Each item says what its score is made of, and what of the history it rests on; costs an encoder run an item. */
  readonly explain?: boolean
  /** Ids that count as seen beyond `history` (a stored history may be longer than what is encoded). */
  readonly seen?: readonly string[]
  /** Whether the answer says how long the batch that it came from took, part by part. */
  readonly timed?: boolean
  /** Monotonic milliseconds (performance.now of the caller's process) after which the answer is of no use. */
  readonly deadline?: number
}

/** AND between fields, OR inside one; an item lacking the field does not match. */
export interface ItemFilter {
  readonly brand?: readonly string[]
  readonly categories?: readonly string[]
  readonly priceMin?: number
  readonly priceMax?: number
  /** Unix milliseconds. */
  readonly ingestedAfter?: number
}

export interface RecommendResult {
  readonly basis: 'history' | 'text' | 'popular'
  readonly historyUsed: number
  readonly historyUnknown: number
  readonly items: readonly RankedItem[]
  /** `index_incomplete`: a part of the index did not answer, and better items may lie there. */
  readonly degradedReasons?: ReadonlyArray<'index_incomplete'>
  /** Where asked for, unless the items are popular ones. */
  readonly explanation?: Explanation
  /** Where asked for (`timed`). */
  readonly timing?: EngineTiming
}

/** What the batch that an answer came from took, in milliseconds: user vectors; search; order and explanations. */
export interface EngineTiming { readonly encode: number, readonly retrieve: number, readonly rank: number }

/** What holds for all explained items of one answer. */
export interface Explanation {
  /** The parts that scores are made of: a system without a local half has one. */
  readonly threads: Array<'global' | 'local'>
  /** Items of the history, the latest ones, that were left out one by one. */
  readonly leftOut: number
}

export interface RankedItem {
  readonly itemId: string
  readonly domain: string
  readonly score: number
  readonly rank: number
  readonly title?: string
  /** Where asked for (`explain`): their sum is the score. */
  readonly parts?: { readonly global: number, readonly local?: number }
  /** Where asked for, of an answer from a history: at most three, the most alike first. */
  readonly near?: NearItem[]
  /** Likewise: at most ten, the heaviest first. */
  readonly weighed?: WeighedItem[]
  /** Likewise: each domain of the history. */
  readonly domains?: DomainWeight[]
}

/** An item as answers name it. */
export interface NamedItem {
  readonly itemId: string
  readonly domain: string
  readonly title?: string
}

/** What a score would lose were the history without this item; where it would gain, below 0. */
export interface WeighedItem extends NamedItem { readonly weight: number }

/** What a score would lose were the history without all items of this domain. */
export interface DomainWeight { readonly domain: string, readonly weight: number }

/** An item of the history that an answer rests on, of any domain; `similarity` is the cosine of the global halves. */
export interface NearItem extends NamedItem { readonly similarity: number }

/** Nearest items by the global half: `domain` may differ from the item's own. */
export interface SimilarJob { readonly itemId: string, readonly domain?: string, readonly k: number }

/** Items whose title or id holds all words, whatever their case; `from` is the `next` of the call before, or 0. */
export interface SearchJob {
  readonly domain: string
  readonly words: readonly string[]
  readonly k: number
  readonly from: number
}

/** In the order of the catalogue. `next`: there may be more from there on, and `items` may hold less than `k`. */
export interface SearchResult { readonly items: NamedItem[], readonly next?: number }

export interface ChartPoint extends NamedItem { readonly x: number, readonly y: number }

/** `share`: the part of the differences between items that the two axes show, 0 to 1. */
export interface ChartResult { readonly share: number, readonly points: ChartPoint[] }

export interface EngineItem {
  readonly itemId: string
  readonly domain: string
  readonly title?: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price?: number
  readonly ingestedAt?: number
  /** Raw text embedding [embedder.width]. */
  readonly embedding: Float32Array
}

export interface EngineItemView {
  readonly itemId: string
  readonly domain: string
  readonly title?: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price?: number
  readonly source: 'bundle' | 'posted'
}

export interface EngineStatus {
  readonly provider: 'cpu' | 'cuda'
  readonly retrieval: Readonly<Record<string, 'exact' | 'hnsw' | 'cluster' | 'hybrid'>>
  /** By domain whose index is both: queries since the start, by what answered them. */
  readonly searched?: Readonly<Record<string, Readonly<Record<'exact' | 'hnsw', number>>>>
  readonly items: Readonly<Record<string, number>>
  /** By domain: items that are scanned because the index has not taken them in yet. */
  readonly tail: Readonly<Record<string, number>>
  readonly queueDepth: number
  /** Milliseconds that a recommendation asked for now would take, foreseen from those before; 0 where none waits. */
  readonly waitMs: number
  /** Milliseconds since the worker was sent what it is at; 0 while it is at nothing. */
  readonly busyMs: number
}
