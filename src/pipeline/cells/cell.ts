import { join } from 'node:path'
import { canonicalJson, sha256 } from '../../files/hash.ts'
import { isCurrent } from '../../files/step.ts'
import type { Efficiency } from '../efficiency.ts'
import type { EvaluateSettings } from '../evaluate-settings.ts'
import { evaluationPlan } from '../evaluate.ts'
import type { TrainSettings } from '../train-settings.ts'
import { openRunManifest, runPlan } from '../train.ts'

/** One training of a study: what is trained, on what, and whether its test split is opened. */
export interface Cell {
  /** For people; two cells may share one. */
  readonly label: string
  /** A directory that `embed` left. */
  readonly embeddings: string
  readonly train: TrainSettings
  /** Absent: the run is judged by validation alone. */
  readonly evaluate?: EvaluateSettings
  /** Its weights are looked at, so that figures of it are not enough. */
  readonly opened?: boolean
}

/** Where a cell leaves its steps. */
export interface CellFolders {
  /** Of the cell, after everything that decides its outcome. */
  readonly name: string
  readonly run: string
  readonly evaluation: string
  /** The run has no weights: it was trained somewhere else, where this was measured. */
  readonly kept?: { readonly efficiency?: Efficiency }
}

/** What the run of a cell is made from. */
export type RunPlan = Awaited<ReturnType<typeof runPlan>>

/** Hashes all files of the cell's input: whoever asks more than once of a cell hands it on. */
export async function planOf ({ embeddings, train }: Cell): Promise<RunPlan> {
  return await runPlan(embeddings, train)
}

/**
 * The folders of a cell below `work`. They are named after everything that decides the outcome: cells of equal settings
 * share one run whatever study asks for them, and other settings never overwrite it. Throws `config_invalid`.
 */
export async function cellFolders (work: string, cell: Cell, plan?: RunPlan): Promise<CellFolders> {
  const { train } = cell
  const { input, settings } = plan ?? await planOf(cell)
  const id = sha256(canonicalJson([input.digest, settings])).slice(0, 16)
  const name = `${train.system}-${id}`
  const folder = join(work, 'cells', name)
  return { name, run: join(folder, 'run'), evaluation: join(folder, 'evaluation') }
}

/** Whether everything that the cell asks for is there. */
export async function isDone (cell: Cell, { run, evaluation }: CellFolders, plan?: RunPlan): Promise<boolean> {
  if (!await isCurrent(run, plan ?? await planOf(cell))) return false
  if (cell.evaluate === undefined) return true
  const { digest } = await openRunManifest(run)
  return isCurrent(evaluation, evaluationPlan({ dir: run, digest }, cell.evaluate))
}
