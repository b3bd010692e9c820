import type { Recall } from '../../src/retrieve/recall.ts'

export interface IndexQuestion {
  /** A bundle's root or version: its rows are the pattern of the catalogue, its users the queries. */
  readonly bundle: string
  readonly domain: string
  readonly rows: number
  /** Lengths of rows differ, as where nothing holds them: for the plain inner product. */
  readonly skewed: boolean
  readonly shards: number
  /** Queries. */
  readonly users: number
  /** A folder for the index's files, which stay. */
  readonly work: string
}

/** Milliseconds of one search at a time, and of CPU for each. */
export interface Latency { readonly p50: number, readonly p99: number, readonly cpu: number }

/** What one index costs and finds. Seconds, bytes of the process's memory, rows a second. */
export interface IndexFigures {
  readonly rows: number
  readonly skewed: boolean
  readonly shards: number
  readonly width: number
  readonly queries: number
  readonly buildSeconds: number
  /** CPU seconds of all threads. */
  readonly buildCpu: number
  readonly saveSeconds: number
  readonly bytes: number
  readonly recall: readonly Recall[]
  /** The same beside what a search takes; absent in figures of before it was measured. */
  readonly bySearch?: ReadonlyArray<Recall & Pick<Latency, 'p50' | 'cpu'>>
  /** The smallest that finds 0.99 of the best hundred, or the largest tried. */
  readonly ef: number
  readonly exactLatency: Latency
  readonly loadSeconds: number
  readonly loadBytes: number
  readonly latency: Latency
  readonly putPerSecond: number
  /** Of 100 put rows, those that the next search did not find. */
  readonly putMissed: number
  readonly mergeSeconds: number
  readonly whileMerging: Latency
}

/** What a service with such a catalogue costs. */
export interface ServiceFigures {
  readonly rows: number
  readonly startSeconds: number
  readonly startCpu: number
  readonly rssBytes: number
  /** Milliseconds of POST /recommend, one at a time. */
  readonly recommend: Latency
  /** Items posted in bulk with embeddings: acknowledged, and all known to the next call. */
  readonly posted: number
  readonly postSeconds: number
  /** CPU milliseconds of the service for each. */
  readonly postCpu: number
  /** Of the last hundred posted, those that the next recommendation did not know. */
  readonly unknown: number
}

export interface IndexResults {
  /** Of the machine and of the run. */
  readonly machine: string
  readonly when: string
  readonly bundle: string
  readonly domain: string
  /** Of the last minute, when the run began. */
  readonly loadAverage: number
  readonly indexes: readonly IndexFigures[]
  readonly services: readonly ServiceFigures[]
}
