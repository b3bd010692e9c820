import { median } from '../statistics.ts'
import { STEP_SYSTEMS } from './step-systems.ts'
import type { StepSystem } from './step-systems.ts'
import type { StepTime } from './torch-process.ts'

export interface TrainFigures {
  readonly system: StepSystem
  readonly backend: string
  readonly threads: number
  readonly batchSize: number
  /** Of a real log, all of which the steps are an epoch of. */
  readonly epochOf?: { readonly users: number, readonly items: number }
  /** Ours, step by step; each beside the PyTorch step that was taken right after it. */
  readonly ours: readonly StepTime[]
  /** Undefined: why PyTorch is not there is in `withoutTorch`. */
  readonly torch: { readonly version: string, readonly steps: readonly StepTime[] } | undefined
  readonly withoutTorch?: string
  /** Of the first steps, without dropout, from the same weights. */
  readonly losses: { readonly ours: readonly number[], readonly torch: readonly number[] | undefined }
  /** Milliseconds to draw and pack a batch; it is in no step. */
  readonly batchMs: number
  /** Before the first step, in the middle and after the last: what warms up grows in the first half alone. */
  readonly memory: readonly Memory[]
}

export interface Memory { readonly rssMiB: number, readonly tensors: number }

/** What a step of ours may take of PyTorch's. */
export const MOST_RATIO = 1

/** How far losses of two sides that train the same thing may be apart, as a share. */
export const MOST_APART = 1e-5

/** The middle of the ratios of neighbouring steps: a neighbour's load falls on both of a pair. */
export function pairedRatio (ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, i) => value / theirs[i]!))
}

/** The figures for people. */
export function trainReport (figures: TrainFigures): string {
  const { system, backend, threads, batchSize, epochOf, ours, torch, losses, batchMs, memory } = figures
  const row = (name: string, steps: readonly StepTime[]): string => [
    name.padEnd(26), ...(['wall', 'cpu'] as const).flatMap((kind) => {
      const values = steps.map((step) => step[kind])
      return [median(values), Math.min(...values)].map((ms) => ms.toFixed(0).padStart(7))
    }),
  ].join('  ')
  const lines = [
    `${STEP_SYSTEMS[system].title}, batch ${batchSize}, length 50, width 128; ${ours.length} steps in turns, ${threads} thread(s)`,
    `${' '.repeat(26)}  wall ms  (least)   cpu ms  (least)`,
    row(`ours (${backend})`, ours),
  ]
  if (torch === undefined) lines.push(`PyTorch: not measured: ${figures.withoutTorch ?? ''}`)
  else {
    const ratio = (kind: 'wall' | 'cpu'): number =>
      pairedRatio(ours.map((step) => step[kind]), torch.steps.map((step) => step[kind]))
    const wall = ratio('wall')
    lines.push(
      row(`PyTorch ${torch.version}`, torch.steps),
      `ours / PyTorch, median of pairs: wall ${wall.toFixed(2)}, cpu ${ratio('cpu').toFixed(2)}; ` +
      `at most ${MOST_RATIO} on the wall: ${wall <= MOST_RATIO ? 'yes' : 'no'}`,
      lossLine(losses.ours, losses.torch ?? [])
    )
  }
  if (epochOf !== undefined) {
    const seconds = (steps: readonly StepTime[]): string =>
      (steps.reduce((sum, { wall }) => sum + wall, 0) / 1000).toFixed(1)
    lines.push(`the epoch of ${epochOf.users} users and ${epochOf.items} items: ours ${seconds(ours)} s` +
      (torch === undefined ? '' : `, PyTorch ${seconds(torch.steps)} s`))
  }
  lines.push(
    `drawing and packing a batch (in no step above): ${batchMs.toFixed(0)} ms`,
    `memory at the start, middle and end of the ${ours.length} steps: ` +
    `${memory.map(({ rssMiB }) => rssMiB.toFixed(0)).join(', ')} MiB resident, ` +
    `${memory.map(({ tensors }) => tensors).join(', ')} tensors`
  )
  return lines.join('\n')
}

/** Whether both train the same thing: from the second step on, gradients and optimiser show in the loss as well. */
function lossLine (ours: readonly number[], theirs: readonly number[]): string {
  const apart = Math.max(...ours.map((loss, i) => Math.abs(loss / theirs[i]! - 1)))
  const row = (losses: readonly number[]): string => losses.map((loss) => loss.toFixed(5)).join(', ')
  return `losses of the first steps without dropout: ours ${row(ours)}; PyTorch ${row(theirs)}; ` +
    `apart by at most ${100 * MOST_APART} %: ${apart <= MOST_APART ? 'yes' : 'no'}`
}

/** What one part of an epoch left behind: a quarter of its steps, or the validation at its end. */
export interface EpochPart extends Memory { readonly epoch: number, readonly part: string, readonly seconds: number }

/** Memory part by part, so that what grows shows where; the first epoch also warms up. */
export function epochReport (system: string, parts: readonly EpochPart[]): string {
  const width = Math.max(...parts.map(({ part }) => part.length))
  return [
    `${system}, batches of 128, the size of food-kitchen: memory after each part of an epoch`,
    ...parts.map(({ epoch, part, seconds, rssMiB, tensors }) => `epoch ${epoch}  ${part.padEnd(width)}  ` +
      `${seconds.toFixed(1).padStart(6)} s  ${rssMiB.toFixed(0).padStart(6)} MiB  ${tensors} tensors`),
  ].join('\n')
}
