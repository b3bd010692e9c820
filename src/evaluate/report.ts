import { setImmediate } from 'node:timers/promises'
import type { Dataset, Split } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { evaluate } from './evaluate.ts'
import type { Evaluation, EvaluationMode } from './evaluate.ts'
import { groups } from './groups.ts'
import type { Groups } from './groups.ts'
import { metricsByDomain, ndcgGain } from './metrics.ts'
import type { MetricsByDomain } from './metrics.ts'
import type { Scorer } from './scorer.ts'
import { bootstrap } from './significance.ts'

/** What one system is worth on one dataset, as it stands in `metrics.json`; the headline comes first. */
export interface Report {
  readonly system: string
  readonly split: Split
  /** The dataset, and the candidates that `sampled100` was ranked against. */
  readonly dataset: string
  readonly candidates: string
  readonly full: MetricsByDomain & {
    /** 95 % of the means over resampled users (NDCG@10 over all) lie in here. */
    readonly ndcg10Interval: readonly [number, number]
  }
  readonly sampled100?: MetricsByDomain
  /** Only for systems whose score has two halves. */
  readonly official?: MetricsByDomain & { readonly note: string }
  /** Of the full ranking. */
  readonly groups: Groups
}

export interface ReportOptions {
  /** Beside the full ranking, which is always there. */
  readonly modes?: readonly EvaluationMode[]
  readonly split?: Split
  /** Of the interval. */
  readonly seed?: number
  /** Aborted: `interrupted` is thrown after the users under way. */
  readonly signal?: AbortSignal
  /** Users done so far. */
  readonly onProgress?: (done: number) => void
}

export interface Evaluated {
  readonly report: Report
  /** The rank of each user, for paired tests. */
  readonly evaluations: readonly Evaluation[]
}

const OFFICIAL_NOTE =
  'The published evaluation, reproduced: a negative adds the halves of two different items, which inflates the ' +
  'figures. Not a result of ours.'

/** Users between two looks at the signal. */
const USERS_AT_ONCE = 512

/** Evaluates a system in the full ranking and further modes. Errors: those of `evaluate`, and `interrupted`. */
export async function evaluateAll (dataset: Dataset, scorer: Scorer, options: ReportOptions = {}): Promise<Evaluated> {
  const { modes: asked = ['sampled-100'], split = 'test', seed = 42, signal, onProgress } = options
  const modes = [...new Set<EvaluationMode>(['full', ...asked])]
  const parts = new Map(modes.map((mode): [EvaluationMode, Evaluation[]] => [mode, []]))
  const users = [...dataset.users.keys()]
  for (let from = 0; from < users.length; from += USERS_AT_ONCE) {
    const some = users.slice(from, from + USERS_AT_ONCE)
    for (const mode of modes) parts.get(mode)!.push(evaluate(dataset, scorer, { split, mode, users: some }))
    onProgress?.(from + some.length)
    // Scoring does not give way; without this no signal would ever be seen.
    await setImmediate()
    if (signal?.aborted === true) {
      throw new IsthmusError('interrupted', `stopped after ${from + some.length} of ${users.length} users`)
    }
  }
  const evaluations = modes.map((mode) => join(parts.get(mode)!, split, mode))
  return { report: reportOf(dataset, scorer.name, evaluations, seed), evaluations }
}

function join (parts: readonly Evaluation[], split: Split, mode: EvaluationMode): Evaluation {
  const all = (field: 'users' | 'ranks' | 'domains'): Int32Array => Int32Array.from(parts.flatMap((part) => [...part[field]]))
  return { split, mode, users: all('users'), ranks: all('ranks'), domains: all('domains') }
}

function reportOf (dataset: Dataset, system: string, evaluations: readonly Evaluation[], seed: number): Report {
  const { domains, digest, candidates } = dataset
  const of = (wanted: EvaluationMode): Evaluation | undefined => evaluations.find(({ mode }) => mode === wanted)
  const full = of('full')!
  const sampled = of('sampled-100')
  const official = of('official')
  const gains = Float64Array.from(full.ranks, (rank) => ndcgGain(rank, 10))
  return {
    system,
    split: full.split,
    dataset: digest,
    candidates: candidates.digest,
    full: { ...metricsByDomain(full, domains), ndcg10Interval: bootstrap(gains, seed) },
    ...(sampled && { sampled100: metricsByDomain(sampled, domains) }),
    ...(official && { official: { note: OFFICIAL_NOTE, ...metricsByDomain(official, domains) } }),
    groups: groups(dataset, full),
  }
}
