import { IsthmusError } from '../errors.ts'
import type { HistoryStore } from '../state/stores.ts'
import type { Engine, EngineTiming, ItemFilter, RecommendJob, RecommendResult } from './engine.ts'
import { mergeHistory } from './merge-history.ts'
import type { GivenEntry } from './merge-history.ts'
import type { Lease } from './model-pool.ts'

/** How much of a stored history is read: all of it counts as seen, the latest part of it is encoded. */
export const STORED_LIMIT = 1000

export interface RecommendDeps {
  /** The model that answers a user. */
  readonly take: (userId?: string) => Lease
  readonly store: Pick<HistoryStore, 'history'>
  /** Called with the duration of each stage, in milliseconds. */
  readonly onStage?: (stage: Stage, ms: number) => void
}

export interface RecommendQuery {
  readonly domain: string
  readonly userId?: string | undefined
  readonly history?: readonly GivenEntry[] | undefined
  readonly profileText?: string | undefined
  readonly k?: number | undefined
  readonly exclude?: readonly string[] | undefined
  readonly excludeSeen?: boolean | undefined
  readonly filter?: ItemFilter | undefined
  readonly explain?: boolean | undefined
}

export interface Recommendation extends Omit<RecommendResult, 'degradedReasons'> {
  readonly domain: string
  /** `variant` only while users are split between models. */
  readonly model: Engine['model'] & { readonly variant?: string }
  readonly degradedReasons: readonly string[]
}

/** What went wrong with the engine, as an answer says it. Anything else is a bug and is thrown. */
const ENGINE_REASONS: Readonly<Record<string, string>> = {
  deadline_exceeded: 'engine_timeout',
  overloaded: 'engine_overloaded',
  engine_unavailable: 'engine_unavailable',
  engine_bad_output: 'engine_bad_output',
}

export interface RecommendTerms {
  /** Monotonic milliseconds (performance.now) after which an answer is of no use. */
  readonly deadline: number
  /** Says that nobody waits any more. */
  readonly gone?: () => boolean
  /** Too much is in work already: popular items at once, without the engine. */
  readonly overloaded?: boolean
  /** Told of each stage of this call as it ends; those of the engine are told apart then. */
  readonly onStage?: (stage: Stage | keyof EngineTiming, from: number, to: number) => void
}

/** Stages as callers wait for them. */
export type Stage = 'history' | 'text' | 'engine'

export type Recommend = (queries: readonly RecommendQuery[], terms: RecommendTerms) => Promise<Recommendation[]>

/**
 * The whole online path: history, window, encode, retrieve, rank. Queries of one call reach the engine together.
 * An engine that is late, full or down gives the popular items and says so; it never makes a call fail.
 */
export function createRecommend (deps: RecommendDeps): Recommend {
  return async (queries, terms) =>
    await Promise.all(queries.map(async (query) => {
      const lease = deps.take(query.userId)
      try {
        return await recommendOne(deps, lease, query, terms)
      } finally {
        lease.release()
      }
    }))
}

async function recommendOne (
  deps: RecommendDeps, { model, variant }: Lease, query: RecommendQuery,
  { deadline, gone, overloaded = false, onStage }: RecommendTerms
): Promise<Recommendation> {
  const { engine, popular, embedder } = model
  const { domain, profileText, k = 10, exclude = [], excludeSeen = true, explain = false, filter } = query
  const timed = async <T>(stage: Stage, run: () => Promise<T>): Promise<T> => await timedAsync(run, (from, to) => {
    deps.onStage?.(stage, to - from)
    onStage?.(stage, from, to)
  })
  const { history, reasons } = await timed('history', async () => await readHistory(deps, query))
  if (overloaded) reasons.push('overloaded')
  const job: RecommendJob = {
    domain,
    history,
    k,
    exclude,
    excludeSeen,
    explain,
    deadline,
    ...(filter === undefined ? {} : { filter }),
    ...(onStage === undefined ? {} : { timed: true }),
  }

  const ask = async (text?: Float32Array): Promise<RecommendResult | undefined> => {
    if (overloaded) return undefined
    try {
      const asked = engine.recommend(text === undefined ? job : { ...job, text }, gone)
      const { timing, ...result } = await timed('engine', async () => await before(deadline, asked))
      if (timing !== undefined && onStage !== undefined) tellTiming(timing, onStage)
      return result
    } catch (error) {
      const reason = error instanceof IsthmusError ? ENGINE_REASONS[error.code] : undefined
      if (reason === undefined) throw error
      reasons.push(reason)
      return undefined
    }
  }
  const embed = async (): Promise<Float32Array | undefined> => {
    if (profileText === undefined || overloaded) return undefined
    try {
      const stop = new AbortController()
      const embedding = embedder.embed([profileText], { signal: stop.signal })
      return await timed('text', async () =>
        await before(deadline, embedding, (error) => stop.abort(error)))
    } catch {
      // Whatever the embedder's trouble is, it has been logged where it happened; the answer goes on without the text.
      reasons.push('text_unavailable')
      return undefined
    }
  }

  // Whether a history is usable only the engine knows; a text is not embedded for the many calls that need none.
  let result = history.length > 0 || profileText === undefined ? await ask() : await ask(await embed())
  if (result !== undefined && result.basis === 'popular' && history.length > 0) {
    const text = await embed()
    if (text !== undefined) result = await ask(text) ?? result
  }
  result ??= {
    basis: 'popular',
    historyUsed: 0,
    historyUnknown: 0,
    items: popular.top(domain, { k, without: new Set(excludeSeen ? [...history, ...exclude] : exclude), filter }),
  }
  const named = variant === undefined ? engine.model : { ...engine.model, variant }
  return { ...result, domain, model: named, degradedReasons: [...reasons, ...result.degradedReasons ?? []] }
}

async function readHistory (
  { store }: RecommendDeps, { userId, history: given = [] }: RecommendQuery
): Promise<{ history: string[], reasons: string[] }> {
  if (userId === undefined) return { history: mergeHistory([], given), reasons: [] }
  const { entries, degradedReasons } = await store.history(userId, STORED_LIMIT)
  return { history: mergeHistory(entries, given), reasons: [...degradedReasons] }
}

/** Rejects with `deadline_exceeded` when there is no answer by then, and tells `onLate`. */
async function before<T> (
  deadline: number, answer: Promise<T>, onLate: (error: IsthmusError) => void = () => {}
): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new IsthmusError('deadline_exceeded', 'no answer by the deadline')
      reject(error)
      onLate(error)
    }, Math.max(0, deadline - performance.now()))
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

async function timedAsync<T> (run: () => Promise<T>, onEnd: (from: number, to: number) => void): Promise<T> {
  const from = performance.now()
  try {
    return await run()
  } finally {
    onEnd(from, performance.now())
  }
}

/** The engine's clock is another thread's: its parts are put end to end, the last of them ending now. */
function tellTiming (timing: EngineTiming, onStage: NonNullable<RecommendTerms['onStage']>): void {
  let at = performance.now() - timing.encode - timing.retrieve - timing.rank
  for (const part of ['encode', 'retrieve', 'rank'] as const) {
    onStage(part, at, at + timing[part])
    at += timing[part]
  }
}
