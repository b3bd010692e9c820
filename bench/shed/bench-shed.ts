import { openBundle } from '../../src/bundle/open.ts'
import { startChild } from '../child.ts'
import { apartCores, cpuSeconds } from '../cores.ts'
import type { LoadQuestion } from '../serve/load-process.ts'
import { makeRequests } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import { type Sample, summarise } from '../statistics.ts'
import type { FloodAnswer, FloodQuestion } from './flood-process.ts'
import type { ShedFigures, ShedRow } from './report.ts'

export interface BenchShedOptions {
  readonly bundle: string
  /** Seconds at each rate, and in each round. */
  readonly seconds: number
  readonly rounds: number
  /** Milliseconds that each request has. A machine that others keep busy needs more than the service's default. */
  readonly deadlineMs: number
}

const REQUESTS = 2000
const CONNECTIONS = 32
/** Multiples of the capacity. */
const TIMES = [0.5, 1, 2, 4]

/**
 * The service under more load than it can take: its capacity in a closed loop first, then an open loop at multiples of
 * it, the rates in turns so that a neighbour's load falls on all alike. The load comes from a core of its own where
 * there is one, or it would take more from the service the more of it there is. Loopback only.
 */
export async function benchShed ({ bundle, seconds, rounds, deadlineMs }: BenchShedOptions): Promise<ShedFigures> {
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
    const closed = { port, connections: CONNECTIONS, seconds, warmSeconds: 2, requests }
    const capacity = summarise([await load.ask(closed)]).perSecond
    if (!(capacity > 0)) throw new Error(`no answer within ${deadlineMs} ms: this machine is too busy, see --deadline`)
    const taken = new Map<number, Slice[]>(TIMES.map((times) => [times, []]))
    for (let round = 0; round < rounds; round++) {
      for (const times of TIMES) {
        const before = await cpuSeconds(service.pid)
        const answer = await flood.ask({ port, perSecond: capacity * times, seconds, deadlineMs, requests })
        taken.get(times)!.push({ ...answer, cpu: await cpuSeconds(service.pid) - before })
      }
    }
    return { capacity, deadlineMs, cores, rows: TIMES.map((times) => ({ times, ...joined(taken.get(times)!) })) }
  } finally {
    for (const stop of stops) await stop()
  }
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
