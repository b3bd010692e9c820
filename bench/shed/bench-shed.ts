import type { OnProgress } from '../../src/progress.ts'
import { cpuSeconds } from '../cores.ts'
import { type FloodedServiceOptions, withFloodedService } from './flooded-service.ts'
import type { ShedFigures, ShedRow } from './report.ts'

export interface BenchShedOptions extends FloodedServiceOptions {
  /** Seconds at each rate, and in each round. */
  readonly seconds: number
  readonly rounds: number
  /** Told after each slice. */
  readonly onProgress?: OnProgress
}

/** Multiples of the capacity. */
const TIMES = [0.5, 1, 2, 4]

/**
 * The service under more load than it can take: its capacity in a closed loop first, then an open loop at multiples of
 * it, the rates in turns so that a neighbour's load falls on all alike.
 */
export async function benchShed ({ seconds, rounds, onProgress, ...options }: BenchShedOptions): Promise<ShedFigures> {
  return await withFloodedService(options, async ({ pid, capacity, cores, flood }) => {
    const taken = new Map<number, Slice[]>(TIMES.map((times) => [times, []]))
    let slices = 0
    for (let round = 0; round < rounds; round++) {
      for (const times of TIMES) {
        const before = await cpuSeconds(pid)
        const answer = await flood(capacity * times, seconds)
        taken.get(times)!.push({ ...answer, cpu: await cpuSeconds(pid) - before })
        onProgress?.(++slices, rounds * TIMES.length, `${times} times the capacity`)
      }
    }
    const rows = TIMES.map((times) => ({ times, ...joined(taken.get(times)!) }))
    return { capacity, deadlineMs: options.deadlineMs, cores, rows }
  })
}

type Slice = Omit<ShedRow, 'times'>

function joined (slices: readonly Slice[]): Slice {
  const sum = (of: (slice: Slice) => number): number => slices.reduce((total, slice) => total + of(slice), 0)
  return {
    seconds: sum(({ seconds }) => seconds),
    offered: sum(({ offered }) => offered),
    cpu: sum(({ cpu }) => cpu),
    fates: {
      good: sum(({ fates }) => fates.good),
      degraded: sum(({ fates }) => fates.degraded),
      refused: sum(({ fates }) => fates.refused),
      late: sum(({ fates }) => fates.late),
      failed: sum(({ fates }) => fates.failed),
    },
    good: slices.flatMap(({ good }) => good),
    refused: slices.flatMap(({ refused }) => refused),
    behind: slices.flatMap(({ behind }) => behind),
    probes: slices.flatMap(({ probes }) => probes),
  }
}
