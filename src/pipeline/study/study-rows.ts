import type { Groups } from '../../evaluate/groups.ts'
import type { MetricsByDomain } from '../../evaluate/metrics.ts'
import type { CellFolders } from '../cells/cell.ts'
import type { Efficiency } from '../efficiency.ts'
import { openEvaluation } from '../evaluate.ts'
import { overSeeds } from '../results/rows.ts'
import type { Figures } from '../results/rows.ts'
import type { StudyRow } from './study.ts'

/** A row of a study as it stands: with figures of the cells that are done, failed, or empty. */
export interface ToldRow {
  readonly section: string
  readonly name: string
  /** How many there are to be. */
  readonly seeds: number
  readonly x?: number
  readonly line?: string
  readonly finished?: FinishedRow
  /** The code of what a cell failed with. */
  readonly failed?: string
  /** How many of the seeds are done; absent where all are. */
  readonly done?: number
}

export interface FinishedRow {
  /** By `all` and by domain, over the seeds. */
  readonly full: Readonly<Record<string, Figures>>
  readonly groups?: Readonly<Partial<Record<keyof Groups, Readonly<Record<string, Figures>>>>>
  readonly cost?: Efficiency
}

/** The name of a row where nothing beside it says that it is of some of its seeds alone. */
export function rowLabel ({ name, seeds }: StudyRow, cells: readonly CellFolders[]): string {
  return cells.length === seeds.length ? name : `${name} (${cells.length} of ${seeds.length} seeds)`
}

/** The groups of users that a page tells of. */
export const TOLD_GROUPS = ['inputLength', 'domainsInInput', 'targetPopularity'] as const satisfies Array<keyof Groups>

/** Figures of a row's evaluations, one a seed. */
export async function rowFigures (cells: ReadonlyArray<Pick<CellFolders, 'evaluation'>>): Promise<FinishedRow> {
  const reports = await Promise.all(cells.map(async ({ evaluation }) => (await openEvaluation(evaluation)).report))
  return {
    full: overSeeds(reports.map(({ full: { all, domains } }) => ({ all, ...domains }))),
    groups: Object.fromEntries(TOLD_GROUPS.map((kind) => [kind, overSeeds(reports.map(({ groups }) => groups[kind]))])),
  }
}

/** Figures of evaluations on cold items, one a seed. */
export function coldFigures (found: readonly MetricsByDomain[]): FinishedRow {
  return { full: overSeeds(found.map(({ all, domains }) => ({ all, ...domains }))) }
}
