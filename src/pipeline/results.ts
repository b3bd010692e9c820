import { basename, join } from 'node:path'
import { openDataset, PREPARE } from '../data/dataset-files.ts'
import type { Statistics } from '../data/statistics.ts'
import { comparePaired } from '../evaluate/significance.ts'
import { figure } from '../evaluate/table.ts'
import { readStep } from '../files/step.ts'
import { writeFileAtomic } from '../files/write.ts'
import { BASELINE_SETTINGS, COUNTING_BASELINES, countingBaseline } from '../systems/baselines/counting.ts'
import { chain, chainFolders, outcome, shown } from './chain.ts'
import type { ChainContext } from './chain.ts'
import { evaluateBaseline, openEvaluation, openRanks } from './evaluate.ts'
import { renderResults } from './results-page.ts'
import type { ResultsPage, ResultsRow } from './results-page.ts'
import { runSteps } from './steps.ts'
import type { Step } from './steps.ts'
import { TRAIN } from './train.ts'

export interface ResultsOptions {
  readonly context: ChainContext
  /** As typed in a shell; it stands on the page. */
  readonly command: string
  /** The page to write. */
  readonly file: string
}

/**
 * Trains and evaluates a system and counts every baseline on the same dataset, skipping what is there unchanged, and
 * writes the page of results.
 */
export async function results ({ context, command, file }: ResultsOptions): Promise<ResultsPage> {
  await runSteps([...chain(context), ...baselineSteps(context)], context)
  const page = await collect(context, command)
  await writeFileAtomic(file, renderResults(page))
  return page
}

function baselineSteps ({ work, settings, signal, progress }: ChainContext): readonly Step[] {
  return baselines().map((name) => ({
    name,
    async run () {
      const out = baselineFolder(work, name)
      const done = await evaluateBaseline(name, {
        dataset: chainFolders(work).dataset, out, settings: settings.evaluate, signal, ...shown(progress, name, 'users'),
      })
      const { report: { full: { all } } } = await openEvaluation(out)
      return outcome(done, () => `full ranking HR@10 ${figure(all.hr10)}, NDCG@10 ${figure(all.ndcg10)}`)
    },
  }))
}

/** What the page tells of a run, as `train` leaves it in its manifest. */
interface RunFields {
  readonly settings: Readonly<Record<string, unknown>>
  readonly embedder: { readonly id: string }
  readonly backend: string
  readonly parameters: number
  readonly epochs: number
  readonly best: { readonly epoch: number, readonly validation: Readonly<Record<string, number>> }
}

async function collect ({ data, work }: ChainContext, command: string): Promise<ResultsPage> {
  const folders = chainFolders(work)
  const dataset = await openDataset(folders.dataset)
  // Both were written by the steps that have just run, and readStep has checked whose manifests they are.
  const prepared = await readStep(folders.dataset, PREPARE) as unknown as {
    inputs: ResultsPage['data']['files'], settings: ResultsPage['data']['settings'], statistics: Statistics
  }
  const run = await readStep(folders.run, TRAIN) as unknown as RunFields
  const counted = await Promise.all(baselines().map((name) =>
    rowOf(baselineFolder(work, name), BASELINE_SETTINGS[name])))
  const trained = await rowOf(folders.evaluation, run.settings)
  const best = counted.reduce((a, b) => b.full.all.ndcg10 > a.full.all.ndcg10 ? b : a)
  const against = baselineFolder(work, countingBaseline(best.system))
  return {
    command,
    data: {
      name: basename(data[0]!),
      files: prepared.inputs,
      digest: dataset.digest,
      candidates: dataset.candidates.digest,
      users: dataset.users.length,
      events: dataset.events.length,
      statistics: prepared.statistics,
      settings: prepared.settings,
    },
    trained: {
      name: trained.system,
      settings: run.settings,
      embedder: run.embedder.id,
      backend: run.backend,
      parameters: run.parameters,
      epochs: run.epochs,
      bestEpoch: run.best.epoch,
      validationNdcg10: run.best.validation['ndcg10'] ?? 0,
    },
    rows: [...counted, trained],
    comparison: {
      against: best.system,
      ...comparePaired(await openRanks(folders.evaluation, dataset), await openRanks(against, dataset)),
    },
  }
}

async function rowOf (dir: string, settings: Readonly<Record<string, unknown>>): Promise<ResultsRow> {
  const { manifest, report } = await openEvaluation(dir)
  return { system: report.system, full: report.full, settings, digest: manifest.digest }
}

function baselines () {
  return Object.keys(COUNTING_BASELINES).map(countingBaseline)
}

function baselineFolder (work: string, name: string): string {
  return join(work, 'baselines', name)
}
