import type { Domain } from '../../data/dataset.ts'
import type { Evaluation } from '../../evaluate/evaluate.ts'
import { comparePaired } from '../../evaluate/significance.ts'
import type { PairedComparison } from '../../evaluate/significance.ts'
import type { OpenedRow } from './rows.ts'

/** One system against another, user by user (NDCG@10 of the full ranking), by `all` and by target domain. */
export interface Comparison {
  readonly against: string
  readonly by: Readonly<Record<string, PairedComparison>>
}

/** `ours` against each of `others`. */
export function comparisons (
  ours: OpenedRow, others: readonly OpenedRow[], domains: readonly Domain[]
): readonly Comparison[] {
  return others.map(({ row, evaluations }) => ({
    against: row.name,
    by: Object.fromEntries([
      ['all', comparePaired(ours.evaluations, evaluations)],
      ...domains.map(({ name }, k) =>
        [name, comparePaired(ours.evaluations.map(ofDomain(k)), evaluations.map(ofDomain(k)))] as const),
    ]),
  }))
}

/** The users whose target lies in the domain. */
function ofDomain (k: number): (evaluation: Evaluation) => Evaluation {
  return ({ users, ranks, domains, ...rest }) => {
    const inDomain = (_: number, row: number): boolean => domains[row] === k
    return { ...rest, users: users.filter(inDomain), ranks: ranks.filter(inDomain), domains: domains.filter(inDomain) }
  }
}
