import { fork } from 'node:child_process'
import { availableParallelism, totalmem } from 'node:os'
import { errorOf, IsthmusError } from '../../errors.ts'
import { compiled } from '../../paths.ts'
import type { Progress } from '../../progress.ts'
import type { backendChoice } from '../train-settings.ts'
import { cellFolders, isDone, planOf } from './cell.ts'
import type { Cell, CellFolders, RunPlan } from './cell.ts'
import type { CellReply, CellRequest } from './cell-protocol.ts'

export interface RunCellsOptions {
  /** The folder of all cells. */
  readonly work: string
  readonly backend: ReturnType<typeof backendChoice>
  /** Cells at a time, each a process of its own. */
  readonly jobs: number
  /** Figures of cells that were trained somewhere else, by name: good for a cell whose weights nobody looks at. */
  readonly kept?: ReadonlyMap<string, CellFolders>
  /** Aborted: what is under way is saved, and `interrupted` thrown. */
  readonly signal: AbortSignal
  /** Aborted: what is under way is saved, and is among those left. */
  readonly deadline?: AbortSignal
  /** A line for people. */
  readonly say: (line: string) => void
  readonly progress: (label: string, total: number, unit: string) => Progress
}

export interface RanCells {
  /** Where the figures of a cell lie; of one that is left too, if some were kept. */
  readonly done: ReadonlyMap<Cell, CellFolders>
  /** What came of those that cannot be trained, such as `training_diverged`. */
  readonly failed: ReadonlyMap<Cell, IsthmusError>
  /** Those that there was no time for. */
  readonly left: readonly Cell[]
  /** Of the folders of all cells, whatever came of them. */
  readonly names: readonly string[]
}

/** What a training takes, with room to spare. */
const BYTES_PER_JOB = 3 * 2 ** 30

/** As many cells at a time as there are cores, as long as the memory holds them. */
export function defaultJobs (): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / BYTES_PER_JOB)))
}

/**
 * Works through cells in their order, several at a time, each in a process with its share of the cores: two trainings
 * with a thread each get more done than one with two. Cells that are done are not done again, and one that was stopped
 * goes on where it stood. Throws `interrupted`.
 */
export async function runCells (cells: readonly Cell[], options: RunCellsOptions): Promise<RanCells> {
  const { work, jobs, kept, signal, deadline, say, progress } = options
  const twins = await byFolder(work, cells)
  const done: Twins[] = []
  const waiting: Twins[] = []
  for (const each of twins) {
    const known = await doneAlready(each, kept)
    if (known === undefined) waiting.push(each)
    else done.push(known)
  }
  const elsewhere = done.filter(({ folders }) => folders.kept !== undefined).length
  say(`${twins.length} trainings, ${done.length} of them done already` +
    `${elsewhere === 0 ? '' : `, ${elsewhere} by figures that were kept`}; ${jobs} at a time`)

  const failed = new Map<Cell, IsthmusError>()
  const stop = deadline === undefined ? signal : AbortSignal.any([signal, deadline])
  const line = progress('trainings', waiting.length, 'done')
  const under = new Map<Twins, string>()
  let over = 0
  const show = (): void => line.update(over, [...under.values()].join('; '))
  const lane = async (): Promise<void> => {
    while (!stop.aborted && waiting.length > 0) {
      const each = waiting.shift()!
      const [cell] = each.cells
      try {
        await runCell(cell, each.folders, { ...options, stop }, ({ epoch, epochs, best }) => {
          under.set(each, `${cell.label} ${epoch}/${epochs} ${best.toFixed(4)}`)
          show()
        })
        done.push(each)
        over++
      } catch (error) {
        if (!(error instanceof IsthmusError)) throw error
        if (error.code === 'interrupted') waiting.unshift(each)
        else {
          say(`${cell.label}: ${error.code}: ${error.message}`)
          for (const twin of each.cells) failed.set(twin, error)
        }
      }
      under.delete(each)
    }
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  line.finish(`${over} done, ${failed.size} failed, ${waiting.length} left`)
  if (signal.aborted) throw new IsthmusError('interrupted', `stopped with ${waiting.length} trainings left`)
  // Until one whose weights are wanted is trained, its figures are as good as they were.
  for (const each of waiting) {
    const known = await fromKept(each, kept)
    if (known !== undefined) done.push(known)
  }
  return {
    done: new Map(done.flatMap((each) => each.cells.map((cell) => [cell, each.folders] as const))),
    failed,
    left: waiting.flatMap((each) => each.cells),
    names: twins.map(({ folders }) => folders.name),
  }
}

/** Cells of equal settings, of which one is run. */
interface Twins {
  readonly cells: readonly [Cell, ...Cell[]]
  readonly plan: RunPlan
  readonly folders: CellFolders
}

async function byFolder (work: string, cells: readonly Cell[]): Promise<readonly Twins[]> {
  const found = new Map<string, Twins>()
  for (const cell of cells) {
    const plan = await planOf(cell)
    const folders = await cellFolders(work, cell, plan)
    const known = found.get(folders.run)
    found.set(folders.run, { plan, folders, cells: known === undefined ? [cell] : [...known.cells, cell] })
  }
  return [...found.values()]
}

/** Trained here or, where figures are enough, elsewhere; undefined where it has to be trained. */
async function doneAlready (
  each: Twins, kept: ReadonlyMap<string, CellFolders> | undefined
): Promise<Twins | undefined> {
  const { cells, plan, folders } = each
  if (await isDone(cells[0], folders, plan)) return each
  return cells.some(({ opened }) => opened) ? undefined : await fromKept(each, kept)
}

/** By figures that were kept; undefined where there are none of this cell. */
async function fromKept (
  { cells, plan, folders: { name } }: Twins, kept: ReadonlyMap<string, CellFolders> | undefined
): Promise<Twins | undefined> {
  const folders = kept?.get(name)
  return folders !== undefined && await isDone(cells[0], folders, plan) ? { cells, plan, folders } : undefined
}

/** One cell in a process of its own. Throws what it failed with. */
function runCell (
  cell: Cell, folders: CellFolders, { backend, jobs, stop }: RunCellsOptions & { readonly stop: AbortSignal },
  onEpoch: (reply: CellReply & { kind: 'epoch' }) => void
): Promise<void> {
  const threads = String(Math.max(1, Math.floor(availableParallelism() / jobs)))
  const child = fork(compiled('src/pipeline/cells/cell-process.ts'), {
    env: {
      ...process.env, TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: threads, OMP_NUM_THREADS: threads,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const send = (request: CellRequest): void => { child.send(request) }
  const onStop = (): void => send({ kind: 'stop' })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-2000) })
  return new Promise<void>((resolve, reject) => {
    let last: CellReply | undefined
    child.on('message', (reply: CellReply) => {
      if (reply.kind === 'epoch') onEpoch(reply)
      else last = reply
    })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      if (last?.kind === 'done') resolve()
      else if (last?.kind === 'failed') reject(errorOf(last.fault))
      else reject(new IsthmusError('internal', `the training process ended with ${status ?? signal}: ${said.trim()}`))
    })
    stop.addEventListener('abort', onStop, { once: true })
    send({ kind: 'work', cell, folders, backend })
  }).finally(() => { stop.removeEventListener('abort', onStop) })
}
