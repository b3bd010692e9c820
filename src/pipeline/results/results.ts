import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDataset, PREPARE } from '../../data/dataset-files.ts'
import type { Statistics } from '../../data/statistics.ts'
import { readStep } from '../../files/step.ts'
import { writeFileAtomic } from '../../files/write.ts'
import type { Cell } from '../cells/cell.ts'
import { CONTESTANTS, OURS, withSettings } from '../cells/contestants.ts'
import { runCells } from '../cells/run-cells.ts'
import { chain, chainFolders } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { readEmbedManifest } from '../embed.ts'
import { runSteps } from '../steps.ts'
import { chosenSettings, readTuning } from '../tune/tuning-file.ts'
import type { Tuning } from '../tune/tuning-file.ts'
import { baselineFolder, baselines, baselineSteps } from './baselines.ts'
import { comparisons } from './comparisons.ts'
import { LEVERS } from './levers.ts'
import { renderResults } from './results-page.ts'
import type { ResultsPage } from './results-page.ts'
import { resultsPictures } from './results-pictures.ts'
import { baselineRow, trainedRow } from './rows.ts'

export interface ResultsOptions {
  readonly context: ChainContext
  /** Of every trained row; a lever is trained with the first alone. */
  readonly seeds: readonly number[]
  readonly jobs: number
  readonly deadline?: AbortSignal
  /** Further settings of every training, such as fewer epochs. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** What `tune` left for this data; where there is no such file every contestant is trained as its preset says. */
  readonly tuning: string
  /** As typed in a shell; it stands on the page. */
  readonly command: string
  /** The page to write. */
  readonly file: string
}

/**
 * Trains every contestant with every seed, counts the baselines on the same dataset, opens the test split once for
 * each, and writes the page of results. What is there unchanged is not done again; where the deadline leaves trainings
 * over there is no page yet, and the same call goes on. Gives the page, or how many trainings are left.
 * @throws what a training failed with, and config_invalid where `tuning` was made on other data.
 */
export async function results (options: ResultsOptions): Promise<ResultsPage | { readonly left: number }> {
  const { context, command, file, seeds, jobs, deadline, overrides } = options
  const { work, settings: { backend, evaluate }, signal, say, progress } = context
  await runSteps([...chain(context, 'embed'), ...baselineSteps(context)], context)
  const { embeddings } = chainFolders(work)
  const { manifest: { digest } } = await readEmbedManifest(embeddings)
  const tuning = existsSync(options.tuning) ? await readTuning(options.tuning, digest) : undefined
  say(tuning === undefined
    ? `settings are those of the presets: there is no ${options.tuning}`
    : `settings are those that ${options.tuning} chose`)

  const plan = trainings(tuning, { seeds, overrides, cell: { embeddings, evaluate } })
  const cells = [...plan.values()].flat()
  const ran = await runCells(cells, { work, backend, jobs, signal, ...(deadline && { deadline }), say, progress })
  const [failure] = ran.failed.values()
  if (failure !== undefined) throw failure
  if (ran.left.length > 0) return { left: ran.left.length }

  const dataset = await openDataset(chainFolders(work).dataset)
  const counted = await Promise.all(baselines().map((name) => baselineRow(name, baselineFolder(work, name), dataset)))
  const opened = await Promise.all([...plan].map(([name, row]) =>
    trainedRow(name, row.map((cell) => ran.done.get(cell)!), dataset)))
  const named = (name: string) => opened.find(({ row }) => row.name === name)!
  const contestants = [...counted, ...CONTESTANTS.map(({ name }) => named(name))]
  const ours = named(OURS)
  const called = basename(file, '.md')
  const page: ResultsPage = {
    command,
    data: await describeData(context),
    embedder: (await readEmbedManifest(embeddings)).embedder.id,
    ours: OURS,
    called,
    seeds,
    tuned: tuning !== undefined,
    jobs,
    rows: contestants.map(({ row }) => row),
    comparisons: comparisons(ours, contestants.filter((each) => each !== ours), dataset.domains),
    levers: LEVERS.map(({ name, instead }) => ({ name, instead, row: named(leverRow(name)).row })),
  }
  for (const { suffix, svg } of resultsPictures(page)) await writeFileAtomic(join(dirname(file), `${called}${suffix}`), svg)
  await writeFileAtomic(file, renderResults(page))
  return page
}

/** The cells of each trained row, by the row's name. */
function trainings (tuning: Tuning | undefined, { seeds, overrides, cell }: {
  seeds: readonly number[], overrides: ResultsOptions['overrides'], cell: Pick<Cell, 'embeddings' | 'evaluate'>,
}): ReadonlyMap<string, readonly Cell[]> {
  const chosen = new Map(CONTESTANTS.map((contestant) =>
    [contestant.name, withSettings(contestant, { ...chosenSettings(tuning, contestant.name), ...overrides })]))
  const of = (label: string, train: Cell['train'], seed: number): Cell =>
    ({ ...cell, label: `${label} seed ${seed}`, train: withSettings({ name: label, train }, { seed }) })
  return new Map<string, readonly Cell[]>([
    ...[...chosen].map(([name, train]) => [name, seeds.map((seed) => of(name, train, seed))] as const),
    ...LEVERS.map(({ name, without }) =>
      [leverRow(name), [of(leverRow(name), without(chosen.get(OURS)!), seeds[0]!)]] as const),
  ])
}

function leverRow (name: string): string {
  return `${OURS} without ${name}`
}

async function describeData ({ data, work }: ChainContext): Promise<ResultsPage['data']> {
  const { dataset: dir } = chainFolders(work)
  const dataset = await openDataset(dir)
  // `prepare` writes these into its manifest.
  const { inputs, settings, statistics } = await readStep(dir, PREPARE) as unknown as {
    inputs: ResultsPage['data']['files'], settings: ResultsPage['data']['settings'], statistics: Statistics
  }
  return {
    name: basename(data[0]!),
    files: inputs,
    digest: dataset.digest,
    candidates: dataset.candidates.digest,
    users: dataset.users.length,
    events: dataset.events.length,
    statistics,
    settings,
  }
}
