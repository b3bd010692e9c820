import type { Dataset } from '../../data/dataset.ts'
import type { Evaluation } from '../../evaluate/evaluate.ts'
import type { Groups } from '../../evaluate/groups.ts'
import type { MetricsByDomain } from '../../evaluate/metrics.ts'
import { BASELINE_SETTINGS } from '../../systems/baselines/counting.ts'
import type { CountingBaseline } from '../../systems/baselines/counting.ts'
import type { CellFolders } from '../cells/cell.ts'
import { openEvaluation, openRanks } from '../evaluate.ts'
import { openRunManifest, readLearningCurve } from '../train.ts'

/** A figure over the seeds of a row; `deviation` (of the sample) only where there are several. */
export interface Spread {
  readonly mean: number
  readonly deviation?: number
}

/** One system on the page, over all of its seeds. */
export interface ResultsRow {
  readonly name: string
  /** What it is set to, but for the seed. */
  readonly settings: Readonly<Record<string, unknown>>
  /** By `all` and by domain. */
  readonly full: Readonly<Record<string, Figures>>
  readonly sampled100: Readonly<Record<string, Figures>>
  /** Of the full ranking, by kind of group and by group. */
  readonly groups: Readonly<Record<keyof Groups, Readonly<Record<string, Figures>>>>
  /** Absent where nothing is trained. */
  readonly training?: Training
  /** Of the evaluations' directories, one a seed. */
  readonly digests: readonly string[]
}

export interface Figures {
  readonly users: number
  readonly hr10: Spread
  readonly ndcg10: Spread
}

export interface Training {
  readonly backend: string
  readonly parameters: number
  /** Validation included. */
  readonly secondsPerEpoch: Spread
  /** Those that the weights were taken from, one a seed. */
  readonly bestEpochs: readonly number[]
  readonly validationNdcg10: Spread
  /** The mean over seeds of validation NDCG@10, as far as every seed was trained. */
  readonly curve: ReadonlyArray<{ readonly epoch: number, readonly ndcg10: number }>
}

/** A row, and what a paired test needs of it. */
export interface OpenedRow {
  readonly row: ResultsRow
  /** The ranks of the full ranking, one a seed. */
  readonly evaluations: readonly Evaluation[]
}

/** A counting baseline's row, from the evaluation in `dir`. */
export async function baselineRow (baseline: CountingBaseline, dir: string, dataset: Dataset): Promise<OpenedRow> {
  return openRow(baseline, BASELINE_SETTINGS[baseline], [dir], dataset)
}

/** A trained system's row, from its cells, one a seed. */
export async function trainedRow (name: string, cells: readonly CellFolders[], dataset: Dataset): Promise<OpenedRow> {
  // `train` writes these into its manifest.
  const runs = await Promise.all(cells.map(({ run }) => openRunManifest(run))) as unknown as RunFields[]
  const { settings: { seed: _seed, ...settings }, backend, parameters } = runs[0]!
  const { row, evaluations } = await openRow(name, settings, cells.map(({ evaluation }) => evaluation), dataset)
  const training: Training = {
    backend,
    parameters,
    secondsPerEpoch: spread(runs.map(({ seconds, epochs }) => seconds / epochs)),
    bestEpochs: runs.map(({ best }) => best.epoch),
    validationNdcg10: spread(runs.map(({ best }) => best.validation['ndcg10']!)),
    curve: meanCurve(await Promise.all(cells.map(({ run }) => readLearningCurve(run)))),
  }
  return { row: { ...row, training }, evaluations }
}

interface RunFields {
  readonly settings: Readonly<Record<string, unknown>>
  readonly backend: string
  readonly parameters: number
  readonly epochs: number
  readonly seconds: number
  readonly best: { readonly epoch: number, readonly validation: Readonly<Record<string, number>> }
}

async function openRow (
  name: string, settings: Readonly<Record<string, unknown>>, dirs: readonly string[], dataset: Dataset
): Promise<OpenedRow> {
  const opened = await Promise.all(dirs.map((dir) => openEvaluation(dir)))
  const reports = opened.map(({ report }) => report)
  return {
    row: {
      name,
      settings,
      full: figures(reports.map(({ full }) => full)),
      // `results` always asks for it.
      sampled100: figures(reports.map(({ sampled100 }) => sampled100!)),
      groups: groupFigures(reports.map(({ groups }) => groups)),
      digests: opened.map(({ manifest }) => manifest.digest),
    },
    evaluations: await Promise.all(dirs.map((dir) => openRanks(dir, dataset))),
  }
}

function figures (reports: readonly MetricsByDomain[]): Readonly<Record<string, Figures>> {
  return overSeeds(reports.map(({ all, domains }) => ({ all, ...domains })))
}

function groupFigures (reports: readonly Groups[]): ResultsRow['groups'] {
  const of = (kind: keyof Groups): Readonly<Record<string, Figures>> => overSeeds(reports.map((report) => report[kind]))
  return {
    inputLength: of('inputLength'),
    targetPopularity: of('targetPopularity'),
    domainsInInput: of('domainsInInput'),
    targetDomainInInput: of('targetDomainInInput'),
  }
}

type Scores = Readonly<Record<string, { readonly users: number, readonly hr10: number, readonly ndcg10: number }>>

/** The same table of each seed as one. */
export function overSeeds (tables: readonly Scores[]): Readonly<Record<string, Figures>> {
  return Object.fromEntries(Object.entries(tables[0]!).map(([name, { users }]): [string, Figures] => [name, {
    users,
    hr10: spread(tables.map((table) => table[name]!.hr10)),
    ndcg10: spread(tables.map((table) => table[name]!.ndcg10)),
  }]))
}

type Curve = Awaited<ReturnType<typeof readLearningCurve>>

/** The epochs that every curve has, with the mean of all at each. */
export function meanCurve (curves: readonly Curve[]): Training['curve'] {
  return curves[0]!.flatMap(({ epoch }) => {
    const values = curves.flatMap((curve) => curve.find((row) => row.epoch === epoch)?.value ?? [])
    return values.length < curves.length ? [] : [{ epoch, ndcg10: spread(values).mean }]
  })
}

/** Mean and deviation of the sample. */
export function spread (values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2) return { mean }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) }
}
