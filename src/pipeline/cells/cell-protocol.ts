import type { Fault } from '../../errors.ts'
import type { backendChoice } from '../train-settings.ts'
import type { Cell, CellFolders } from './cell.ts'

/** To a process that works on a cell. */
export type CellRequest = {
  readonly kind: 'work'
  readonly cell: Cell
  readonly folders: CellFolders
  readonly backend: ReturnType<typeof backendChoice>
} | {
  /** Finish the step under way, save, and end with `interrupted`. */
  readonly kind: 'stop'
}

/** From it. Either `done` or `failed` is its last word. */
export type CellReply = {
  readonly kind: 'epoch'
  readonly epoch: number
  readonly epochs: number
  /** Validation NDCG@10 of the best epoch so far. */
  readonly best: number
} | {
  readonly kind: 'done'
} | {
  readonly kind: 'failed'
  readonly fault: Fault
}
