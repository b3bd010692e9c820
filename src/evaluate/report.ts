import type { Dataset, Split } from '../data/dataset.ts'
import { evaluate } from './evaluate.ts'
import type { Evaluation } from './evaluate.ts'
import { groups } from './groups.ts'
import type { Groups } from './groups.ts'
import { metricsByDomain } from './metrics.ts'
import type { MetricsByDomain } from './metrics.ts'
import type { Scorer } from './scorer.ts'

/** What one system is worth on one dataset, as it stands in `metrics.json`; the headline comes first. */
export interface Report {
  readonly system: string
  readonly split: Split
  /** The dataset, and the candidates that `sampled100` was ranked against. */
  readonly dataset: string
  readonly candidates: string
  readonly full: MetricsByDomain
  readonly sampled100: MetricsByDomain
  /** Only for systems whose score has two halves. */
  readonly official?: MetricsByDomain & { readonly note: string }
  /** Of the full ranking. */
  readonly groups: Groups
}

const OFFICIAL_NOTE =
  'The published evaluation, reproduced: a negative adds the halves of two different items, which inflates the ' +
  'figures. Not a result of ours.'

/** Evaluates in every mode the scorer allows; gives the full ranking as well, for paired tests. */
export function evaluateAll (
  dataset: Dataset, scorer: Scorer, split: Split = 'test'
): { readonly report: Report, readonly full: Evaluation } {
  const full = evaluate(dataset, scorer, { split, mode: 'full' })
  const sampled = evaluate(dataset, scorer, { split, mode: 'sampled-100' })
  const official = scorer.halves && evaluate(dataset, scorer, { split, mode: 'official' })
  const { domains } = dataset
  const report: Report = {
    system: scorer.name,
    split,
    dataset: dataset.digest,
    candidates: dataset.candidates.digest,
    full: metricsByDomain(full, domains),
    sampled100: metricsByDomain(sampled, domains),
    ...(official && { official: { note: OFFICIAL_NOTE, ...metricsByDomain(official, domains) } }),
    groups: groups(dataset, full),
  }
  return { report, full }
}
