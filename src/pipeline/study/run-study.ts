import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDataset } from '../../data/dataset-files.ts'
import type { IsthmusError } from '../../errors.ts'
import { writeFileAtomic } from '../../files/write.ts'
import { loadTf } from '../../nn/tf.ts'
import type { Cell, CellFolders } from '../cells/cell.ts'
import { keepCells, openKept } from '../cells/kept-cells.ts'
import type { CellToKeep } from '../cells/kept-cells.ts'
import { runCells } from '../cells/run-cells.ts'
import type { RanCells } from '../cells/run-cells.ts'
import { chainFolders } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { measureEfficiency } from '../efficiency.ts'
import type { Efficiency } from '../efficiency.ts'
import { readEmbedManifest } from '../embed.ts'
import type { EvaluateSettings } from '../evaluate-settings.ts'
import { chosenSettings, readTuning } from '../tune/tuning-file.ts'
import { evaluateCold } from './cold.ts'
import { embeddingsOf, inputDir, makeInputs } from './inputs.ts'
import type { Profiler } from './inputs.ts'
import { baselineFolder, baselineSteps } from '../results/baselines.ts'
import { runSteps } from '../steps.ts'
import { studyPage } from './study-page.ts'
import { studyPlots } from './study-plots.ts'
import { coldFigures, rowFigures } from './study-rows.ts'
import type { ToldRow } from './study-rows.ts'
import type { Study, StudyRow, Teller } from './study.ts'
import { WHOLE } from './study.ts'

export interface StudyOptions {
  /** @param chosen the settings that `tune` chose for a contestant, by its name */
  readonly make: (chosen: (name: string) => Readonly<Record<string, unknown>>, domains: readonly string[]) => Study
  /** What `tune` left for this data; where there is no such file, settings are those of the presets. */
  readonly tuning?: string
  /** Says what sections of kind `told` hold. */
  readonly tell?: Teller
  /**
   * Leave the figures of every cell beside the page, and take those that lie there for cells that are not trained here.
   * Not for a study that looks at the weights of other rows than those it calls opened.
   */
  readonly keep?: boolean
  readonly context: ChainContext
  readonly profile: Profiler
  readonly jobs: number
  readonly deadline?: AbortSignal
  /** As typed in a shell; it stands on the page. */
  readonly command: string
  /** The page to write; its pictures lie in a folder beside it, of the same name. */
  readonly file: string
}

/**
 * Trains every cell of a study, as far as there is time, and writes its page and pictures: a row says of how many seeds
 * it is where they are not all done, and is empty where none is. The same call goes on. Gives the labels of the cells
 * that are left.
 * @throws interrupted, and config_invalid where `tuning` was made on other data; a cell that fails is told of by its
 * code on the page
 */
export async function runStudy (options: StudyOptions): Promise<readonly string[]> {
  const { context, profile, jobs, deadline, file, command, tell: teller, keep = false } = options
  const { work, settings: { backend, evaluate }, signal, say, progress } = context
  await makeInputs([WHOLE], context, profile)
  const { domains } = await openDataset(chainFolders(work).dataset)
  const study = options.make(await chosenBy(options), domains.map(({ name }) => name))
  const { rows, baselines: wanted = [] } = study
  await makeInputs(rows.map(({ input }) => input), context, profile)
  if (wanted.length > 0) await runSteps(baselineSteps(context), context)

  const plan = new Map(rows.map((row) => [row, cellsOf(row, work, evaluate)]))
  // A seed of every row first: what is stopped halfway has something to say of each question.
  const order = [...plan.values()].map(([first]) => first!).concat([...plan.values()].flatMap(([, ...more]) => more))
  const pictures = join(dirname(file), basename(file, '.md'))
  const cellsDir = join(pictures, CELLS)
  const ran = await runCells(order, {
    work,
    backend,
    jobs,
    ...(keep && { kept: await openKept(cellsDir, join(work, 'kept')) }),
    signal,
    ...(deadline && { deadline }),
    say,
    progress,
  })

  const counted = new Map(wanted.map((name) => [name, baselineFolder(work, name)] as const))
  const told: ToldRow[] = []
  const costs = new Map<string, Efficiency>()
  for (const [name, evaluation] of counted) {
    told.push({ section: 'main', name, seeds: 1, finished: await rowFigures([{ evaluation }]) })
  }
  for (const [row, cells] of plan) {
    const failed = cells.flatMap((cell) => ran.failed.get(cell) ?? [])
    const folders = cells.flatMap((cell) => ran.done.get(cell) ?? [])
    const rows = await tell(row, { failed, folders, of: cells.length }, study, context)
    told.push(...rows)
    const cost = rows[0]?.finished?.cost
    if (cost !== undefined) costs.set(folders[0]!.name, cost)
  }
  const done = new Map([...plan].flatMap(([row, cells]) => {
    const folders = cells.flatMap((cell) => ran.done.get(cell) ?? [])
    return folders.length > 0 ? [[row, folders] as const] : []
  }))
  const sections = await teller?.({ study, context, done, counted, cache: profile.cache }) ?? new Map()
  const left = ran.left.map(({ label }) => label)
  const drawn = [...sections].flatMap(([name, { picture: svg }]) => svg === undefined ? [] : [{ name, svg }])
  for (const { name, svg } of [...studyPlots(study, told), ...drawn]) {
    await writeFileAtomic(join(pictures, `${name}.svg`), svg)
  }
  await writeFileAtomic(file, studyPage({
    study,
    rows: told,
    sections,
    command,
    left: left.length,
    pictures: basename(pictures),
    ...(keep && { kept: `${basename(pictures)}/${CELLS}` }),
  }))
  if (keep) await keepCells(cellsDir, trainedHere(ran, costs), ran.names)
  return left
}

/** One for each seed. */
function cellsOf (
  { section, name, input, train, seeds, opened }: StudyRow, work: string, evaluate: EvaluateSettings
): Cell[] {
  return seeds.map((seed, i) => ({
    label: `${section}: ${name}, seed ${seed}`,
    embeddings: inputDir(work, input),
    train: { ...train, overrides: { ...train.overrides, seed } },
    evaluate,
    ...(opened === true && i === 0 && { opened }),
  }))
}

/** What is to be kept: all else that is done came from there. Of cells that share a folder the first names it. */
function trainedHere ({ done }: RanCells, costs: ReadonlyMap<string, Efficiency>): CellToKeep[] {
  const found = new Map<string, CellToKeep>()
  for (const [{ label }, folders] of done) {
    const { name, kept } = folders
    if (kept === undefined && !found.has(name)) found.set(name, { label, folders, efficiency: costs.get(name) })
  }
  return [...found.values()]
}

interface Came {
  readonly failed: readonly IsthmusError[]
  readonly folders: readonly CellFolders[]
  /** Cells that the row has. */
  readonly of: number
}

async function chosenBy (
  { context: { work }, tuning: file }: StudyOptions
): Promise<(name: string) => Readonly<Record<string, unknown>>> {
  if (file === undefined || !existsSync(file)) return () => ({})
  const { manifest } = await readEmbedManifest(embeddingsOf(work, WHOLE))
  const tuning = await readTuning(file, manifest.digest)
  return (name) => chosenSettings(tuning, name)
}

/** The folder of every cell's figures, beside the pictures. */
const CELLS = 'cells'

/** A row as the page tells of it; one for each way to treat cold items. */
async function tell (
  row: StudyRow, { failed, folders, of }: Came, study: Study, { settings: { backend }, work }: ChainContext
): Promise<ToldRow[]> {
  const openTf = (): ReturnType<typeof loadTf> => loadTf(backend)
  const { section, name, seeds, x, line } = row
  const place = { ...(x !== undefined && { x }), ...(line !== undefined && { line }) }
  const base = { section, name, seeds: seeds.length, ...place, ...(folders.length < of && { done: folders.length }) }
  const [failure] = failed
  if (failure !== undefined) return [{ ...base, failed: failure.code }]
  if (folders.length === 0) return [base]
  if (kindOf(study, section) !== 'cold') {
    const finished = await rowFigures(folders)
    const priced = section === 'main' && study.sections.some(({ kind }) => kind === 'cost')
    const { kept, run } = folders[0]!
    // Measured after all trainings, when nothing else of the study runs.
    const cost = !priced ? undefined : kept === undefined ? await measureEfficiency(run, openTf) : kept.efficiency
    return [{ ...base, finished: { ...finished, ...(cost && { cost }) } }]
  }
  const told: ToldRow[] = []
  for (const method of row.cold ?? ['ids'] as const) {
    const found = []
    for (const { run } of folders) {
      const out = join(run, '..', `cold-${method}`)
      found.push(await evaluateCold({ run, out, method, embeddings: embeddingsOf(work, WHOLE), openTf }))
    }
    told.push({ ...base, name: `${name}, ${method}`, finished: coldFigures(found) })
  }
  return told
}

function kindOf ({ sections }: Study, id: string): string {
  return sections.find((section) => section.id === id)!.kind
}
