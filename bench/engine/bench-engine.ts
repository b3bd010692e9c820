import { median } from '../statistics.ts'
import { type Lever, type LeverOptions, openLevers } from './levers.ts'

export interface BenchEngineOptions extends LeverOptions {
  readonly rounds: number
  /** Told of each lever that is measured, and of how many there are. */
  readonly onLever?: (row: LeverRow, done: number, total: number) => void
}

/** Microseconds of a user, query or history, slice by slice: `before[i]` was measured right before `after[i]`. */
export interface LeverRow extends Omit<Lever, 'run'> {
  readonly micros: { readonly before: readonly number[], readonly after: readonly number[] }
}

/** About what a slice takes, of the clock that it is measured by. */
const SLICE_MS = 40
const WARM_CALLS = 3

/**
 * Every lever on and off in turns, so that a neighbour's load falls on both alike. CPU time is that of all threads of
 * this process: what others take of a core counts only as far as it cools caches.
 */
export async function benchEngine ({ rounds, onLever, ...options }: BenchEngineOptions): Promise<LeverRow[]> {
  const { levers, close } = await openLevers(options)
  try {
    const rows: LeverRow[] = []
    for (const { run, ...lever } of levers) {
      for (const way of [run.before, run.after]) for (let i = 0; i < WARM_CALLS; i++) await way()
      const micros = { before: [] as number[], after: [] as number[] }
      for (let round = 0; round < rounds; round++) {
        micros.before.push(await slice(run.before, lever))
        micros.after.push(await slice(run.after, lever))
      }
      const row = { ...lever, micros }
      rows.push(row)
      onLever?.(row, rows.length, levers.length)
    }
    return rows
  } finally {
    await close()
  }
}

async function slice (run: () => Promise<unknown>, { clock, perCall }: Pick<Lever, 'clock' | 'perCall'>): Promise<number> {
  const from = clockOf(clock)
  let calls = 0
  let took = 0
  do {
    await run()
    calls++
    took = clockOf(clock) - from
  } while (took < 1000 * SLICE_MS)
  return took / calls / perCall
}

function clockOf (clock: Lever['clock']): number {
  if (clock === 'wall') return performance.now() * 1000
  const { user, system } = process.cpuUsage()
  return user + system
}

/** What `after` takes of `before`: the middle of the ratios of neighbouring slices. */
export function ratioOf ({ micros: { before, after } }: Pick<LeverRow, 'micros'>): number {
  return median(after.map((value, i) => value / before[i]!))
}
