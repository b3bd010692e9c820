import { domainOf, evaluationInput, target } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import { trainCounts } from '../data/train-counts.ts'
import type { Evaluation } from './evaluate.ts'
import { metrics } from './metrics.ts'
import type { Metrics } from './metrics.ts'

/** Metrics of the users of one bucket; every bucket is there, also an empty one. */
export type Buckets = Readonly<Record<string, Metrics>>

/** Who is served well and who is not. */
export interface Groups {
  /** Events in the input (LLM-EDT, figure 4). */
  readonly inputLength: Buckets
  /** Training events of the target; `0` holds the cold targets. */
  readonly targetPopularity: Buckets
  /** Domains that the input touches: `one` or `several`. */
  readonly domainsInInput: Buckets
  /** Whether the target's own domain stands in the input. */
  readonly targetDomainInInput: Buckets
}

interface Range { readonly name: string, readonly from: number }

const LENGTHS: readonly Range[] = [
  { name: '<5', from: 0 }, { name: '5-9', from: 5 }, { name: '10-14', from: 10 }, { name: '15-19', from: 15 },
  { name: '>=20', from: 20 }
]
const POPULARITIES: readonly Range[] = [
  { name: '0', from: 0 }, { name: '1-4', from: 1 }, { name: '5-9', from: 5 }, { name: '10-49', from: 10 },
  { name: '>=50', from: 50 }
]

/** Splits an evaluation's users into the groups above. */
export function groups (dataset: Dataset, evaluation: Evaluation): Groups {
  const { split } = evaluation
  const counts = trainCounts(dataset)
  const rows = [...evaluation.users].map((user, row) => {
    const input = evaluationInput(dataset, user, split)
    return {
      rank: evaluation.ranks[row]!,
      length: input.length,
      popularity: counts[target(dataset, user, split)]!,
      touched: new Set([...input].map((id) => domainOf(dataset.domains, id))),
      wanted: evaluation.domains[row]!,
    }
  })
  type Row = typeof rows[number]
  const bucketsOf = (names: readonly string[], nameOf: (row: Row) => string): Buckets =>
    Object.fromEntries(names.map((name) =>
      [name, metrics(rows.filter((row) => nameOf(row) === name).map(({ rank }) => rank))]))

  return {
    inputLength: bucketsOf(LENGTHS.map(({ name }) => name), ({ length }) => rangeOf(LENGTHS, length)),
    targetPopularity: bucketsOf(
      POPULARITIES.map(({ name }) => name), ({ popularity }) => rangeOf(POPULARITIES, popularity)),
    domainsInInput: bucketsOf(['one', 'several'], ({ touched }) => touched.size > 1 ? 'several' : 'one'),
    targetDomainInInput: bucketsOf(['yes', 'no'], ({ touched, wanted }) => touched.has(wanted) ? 'yes' : 'no'),
  }
}

function rangeOf (ranges: readonly Range[], value: number): string {
  return ranges.findLast(({ from }) => value >= from)!.name
}
