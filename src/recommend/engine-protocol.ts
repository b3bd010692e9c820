import type { Manifest } from '../bundle/manifest.ts'
import type { Fault } from '../errors.ts'
import type { ClusterSettings } from '../retrieve/cluster.ts'
import type { RetrievalChoice } from '../retrieve/open-index.ts'
import type {
  ChartResult, Engine, EngineItem, EngineItemView, EngineStatus, RankedItem, RecommendJob, RecommendResult, SearchJob,
  SearchResult, SimilarJob
} from './engine.ts'

/** One thing asked of an engine in another thread. */
export type EngineCall =
  | { readonly kind: 'recommend', readonly job: RecommendJob }
  | { readonly kind: 'similar', readonly job: SimilarJob }
  | { readonly kind: 'open', readonly domain: string }
  | { readonly kind: 'search', readonly job: SearchJob }
  | { readonly kind: 'chart', readonly itemIds: readonly string[] | undefined }
  | { readonly kind: 'put', readonly items: readonly EngineItem[] }
  | { readonly kind: 'remove', readonly itemId: string }
  | { readonly kind: 'describe', readonly itemId: string }

export type EngineValue =
  RecommendResult | RankedItem[] | SearchResult | ChartResult | EngineItemView | boolean | undefined

/**
 * What the client sends: some calls, to be done in their order, one message at a time; that the engine is let in, if it
 * has loaded at a low priority; the end.
 */
export type EngineRequest =
  | { readonly kind: 'calls', readonly calls: readonly EngineCall[] }
  | { readonly kind: 'promote' }
  | { readonly kind: 'close' }

/** What the worker answers: `ready` or `refused` once, then one `answers` for each `calls`, in their order. */
export type EngineReply =
  | ({ readonly kind: 'ready', readonly dir: string } & EngineFacts)
  | { readonly kind: 'refused', readonly fault: Fault }
  | { readonly kind: 'log', readonly message: string }
  | { readonly kind: 'answers', readonly answers: readonly EngineAnswer[], readonly status: EngineStatus }

export type EngineAnswer = { readonly value: EngineValue } | { readonly fault: Fault }

/** What a loaded engine says of itself. */
export type EngineFacts =
  Pick<Engine, 'model' | 'domains' | 'opensDomains' | 'about' | 'embedder'> & { readonly status: EngineStatus }

/** What a worker thread is started with. */
export interface EngineWorkerData {
  /** A bundle's root, or one version of it. */
  readonly bundle: string
  /** That of the version at `bundle`, where it has been read already. */
  readonly manifest?: Manifest
  readonly provider?: 'auto' | 'cuda' | 'cpu'
  readonly retrieval?: RetrievalChoice
  /** Needed for `cluster`. */
  readonly cluster?: ClusterSettings
  /** User vectors that are kept for histories that come again; 0, unless given: none. */
  readonly userCache?: number
  readonly chart?: boolean
  /**
   * Whether the load rests between its parts, since another engine answers on the same cores meanwhile. A trial has
   * hashed all files by then, so that those alone are hashed again that are read.
   */
  readonly gently?: boolean
  /**
   * Whether the thread has a low priority until it is promoted; only where `canRaise`. Beside rests, not in their
   * place: one that never rests still takes a tenth of a busy core, and each turn to its end.
   */
  readonly lowered?: boolean
}
