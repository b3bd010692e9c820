import { join } from 'node:path'
import { canonicalJson, sha256 } from '../../files/hash.ts'
import { isCurrent } from '../../files/step.ts'
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
}

/** Where a cell leaves its steps. */
export interface CellFolders {
  readonly run: string
  readonly evaluation: string
}

/**
 * The folders of a cell below `work`. They are named after everything that decides the outcome: cells of equal settings
 * share one run whatever study asks for them, and other settings never overwrite it. Throws `config_invalid`.
 */
export async function cellFolders (work: string, { embeddings, train }: Cell): Promise<CellFolders> {
  const { input, settings } = await runPlan(embeddings, train)
  const id = sha256(canonicalJson([input.digest, settings])).slice(0, 16)
  const folder = join(work, 'cells', `${train.system}-${id}`)
  return { run: join(folder, 'run'), evaluation: join(folder, 'evaluation') }
}

/** Whether everything that the cell asks for is there. */
export async function isDone (cell: Cell, { run, evaluation }: CellFolders): Promise<boolean> {
  if (!await isCurrent(run, await runPlan(cell.embeddings, cell.train))) return false
  if (cell.evaluate === undefined) return true
  const { digest } = await openRunManifest(run)
  return isCurrent(evaluation, evaluationPlan({ dir: run, digest }, cell.evaluate))
}
