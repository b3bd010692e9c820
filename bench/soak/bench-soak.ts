import { readFile } from 'node:fs/promises'
import { openBundle } from '../../src/bundle/open.ts'
import { startChild } from '../child.ts'
import { apartCores } from '../cores.ts'
import type { LoadQuestion } from '../serve/load-process.ts'
import { makeRequests } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import type { FloodAnswer, FloodQuestion } from '../shed/flood-process.ts'
import { type Sample, summarise } from '../statistics.ts'
import type { SoakFigures, SoakSlice } from './report.ts'

export interface BenchSoakOptions {
  readonly bundle: string
  readonly minutes: number
  /** Milliseconds that each request has. */
  readonly deadlineMs: number
  /** Told of each slice as it ends. */
  readonly onSlice?: (slice: SoakSlice) => void
}

const REQUESTS = 2000
const CONNECTIONS = 32
const CAPACITY_SECONDS = 5
const SLICES = 30
/** Of the capacity that was measured at the start. */
const SHARE = 0.5

/**
 * The service for long at half of what it can take: whether its memory grows, its answers get slower, or any fails.
 * Loopback only.
 */
export async function benchSoak ({ bundle, minutes, deadlineMs, onSlice }: BenchSoakOptions): Promise<SoakFigures> {
  const opened = await openBundle(bundle)
  const requests = await makeRequests(opened, REQUESTS)
  const cores = apartCores()
  const load = startChild<LoadQuestion, Sample>('bench/serve/load-process.ts', [], cores.load)
  const flood = startChild<FloodQuestion, FloodAnswer>('bench/shed/flood-process.ts', [], cores.load)
  const stops = [load.stop, flood.stop]
  try {
    const env = { REQUEST_TIMEOUT_MS: String(deadlineMs) }
    const service = await startServiceProcess(opened.dir, { env, cores: cores.service })
    stops.push(service.stop)
    const { port } = service
    const closed = { port, connections: CONNECTIONS, seconds: CAPACITY_SECONDS, warmSeconds: 2, requests }
    const capacity = summarise([await load.ask(closed)]).perSecond
    if (!(capacity > 0)) throw new Error(`no answer within ${deadlineMs} ms: this machine is too busy, see --deadline`)
    const slices: SoakSlice[] = []
    const from = performance.now()
    for (let n = 0; n < SLICES; n++) {
      const flooded = await flood.ask({
        port, perSecond: SHARE * capacity, seconds: minutes * 60 / SLICES, deadlineMs, requests,
      })
      const slice = {
        minute: (performance.now() - from) / 60_000,
        rssMiB: await residentMiB(service.pid),
        offered: flooded.offered,
        fates: flooded.fates,
        latencies: flooded.good,
      }
      slices.push(slice)
      onSlice?.(slice)
    }
    return { capacity, perSecond: SHARE * capacity, slices }
  } finally {
    for (const stop of stops) await stop()
  }
}

/** NaN where the system does not tell (Linux does). */
async function residentMiB (pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1024
}
