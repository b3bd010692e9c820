import { readFile } from 'node:fs/promises'
import { type FloodedServiceOptions, withFloodedService } from '../shed/flooded-service.ts'
import type { SoakFigures, SoakSlice } from './report.ts'

export interface BenchSoakOptions extends FloodedServiceOptions {
  readonly minutes: number
  /** Told of each slice as it ends, and of how many there are. */
  readonly onSlice?: (slice: SoakSlice, done: number, total: number) => void
}

const SLICES = 30
/** Of the capacity that was measured at the start. */
const SHARE = 0.5

/** The service for long at half of what it can take: whether its memory grows, its answers get slower, or any fails. */
export async function benchSoak ({ minutes, onSlice, ...options }: BenchSoakOptions): Promise<SoakFigures> {
  return await withFloodedService(options, async ({ pid, capacity, flood }) => {
    const slices: SoakSlice[] = []
    const from = performance.now()
    for (let n = 0; n < SLICES; n++) {
      const { offered, fates, good: latencies } = await flood(SHARE * capacity, minutes * 60 / SLICES)
      const slice = {
        minute: (performance.now() - from) / 60_000, rssMiB: await residentMiB(pid), offered, fates, latencies,
      }
      slices.push(slice)
      onSlice?.(slice, n + 1, SLICES)
    }
    return { capacity, perSecond: SHARE * capacity, slices }
  })
}

/** NaN where the system does not tell (Linux does). */
async function residentMiB (pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1024
}
