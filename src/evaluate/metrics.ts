import type { Domain } from '../data/dataset.ts'
import { MISS } from './evaluate.ts'

/** Shares and means over users, in 0..1; one target a user, so HR@k is Recall@k. */
export interface Metrics {
  readonly users: number
  readonly hr5: number
  readonly hr10: number
  readonly hr20: number
  readonly ndcg5: number
  readonly ndcg10: number
  readonly ndcg20: number
  readonly mrr: number
}

/** Over all users (each counts once, whatever the domain of its target), and over those of one target domain. */
export interface MetricsByDomain {
  readonly all: Metrics
  readonly domains: Readonly<Record<string, Metrics>>
}

/** Metrics of ranks counted from 0; zeros where there are none. */
export function metrics (ranks: ArrayLike<number>): Metrics {
  return {
    users: ranks.length,
    hr5: hitRate(ranks, 5),
    hr10: hitRate(ranks, 10),
    hr20: hitRate(ranks, 20),
    ndcg5: ndcg(ranks, 5),
    ndcg10: ndcg(ranks, 10),
    ndcg20: ndcg(ranks, 20),
    mrr: meanOver(ranks, (rank) => rank === MISS ? 0 : 1 / (rank + 1)),
  }
}

/** Metrics over all, and for each domain by its name. */
export function metricsByDomain (
  evaluation: { readonly ranks: Int32Array, readonly domains: Int32Array }, domains: readonly Domain[]
): MetricsByDomain {
  const { ranks } = evaluation
  return {
    all: metrics(ranks),
    domains: Object.fromEntries(domains.map(({ name }, k) =>
      [name, metrics(ranks.filter((_, row) => evaluation.domains[row] === k))])),
  }
}

/** Share of the ranks (from 0) that lie under `k`. */
export function hitRate (ranks: ArrayLike<number>, k: number): number {
  return meanOver(ranks, (rank) => rank < k ? 1 : 0)
}

/** Mean of `ndcgGain`. */
export function ndcg (ranks: ArrayLike<number>, k: number): number {
  return meanOver(ranks, (rank) => ndcgGain(rank, k))
}

/** 1 / log2(rank + 2) under `k`, else 0: NDCG@k of one target at a rank counted from 0. */
export function ndcgGain (rank: number, k: number): number {
  return rank < k ? 1 / Math.log2(rank + 2) : 0
}

function meanOver (ranks: ArrayLike<number>, value: (rank: number) => number): number {
  let sum = 0
  for (let i = 0; i < ranks.length; i++) sum += value(ranks[i]!)
  return ranks.length === 0 ? 0 : sum / ranks.length
}
