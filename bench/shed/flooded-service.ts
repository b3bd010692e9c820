import { openBundle } from '../../src/bundle/open.ts'
import { startChild } from '../child.ts'
import { apartCores, type Cores } from '../cores.ts'
import type { LoadQuestion } from '../serve/load-process.ts'
import { makeRequests } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import { type Sample, summarise } from '../statistics.ts'
import type { FloodAnswer, FloodQuestion } from './flood-process.ts'

/** A service of its own, what it can take, and a generator of load beside it. */
export interface FloodedService {
  readonly pid: number
  readonly port: number
  /** Good answers a second in a closed loop of 32 connections. */
  readonly capacity: number
  readonly cores: Cores
  /** Requests at a steady rate, answered or not, for some seconds. */
  readonly flood: (perSecond: number, seconds: number) => Promise<FloodAnswer>
}

export interface FloodedServiceOptions {
  readonly bundle: string
  /** Milliseconds that each request has. A machine that others keep busy needs more than the service's default. */
  readonly deadlineMs: number
}

const REQUESTS = 2000
const CONNECTIONS = 32
const CAPACITY_SECONDS = 5
/** Compilers are done after so many answers, however long those take. */
const WARM_ANSWERS = 3000
const WARM_TURNS = 10

/**
 * Starts a service, measures its capacity, hands both to `use`, and ends everything after it. The load comes from a
 * core of its own where there is one, or it would take more from the service the more of it there is. Loopback only.
 */
export async function withFloodedService<T> (
  { bundle, deadlineMs }: FloodedServiceOptions, use: (service: FloodedService) => Promise<T>
): Promise<T> {
  const opened = await openBundle(bundle)
  const requests = await makeRequests(opened, REQUESTS)
  const cores = apartCores()
  const load = startChild<LoadQuestion, Sample>('bench/serve/load-process.ts', [], cores.load)
  const flood = startChild<FloodQuestion, FloodAnswer>('bench/shed/flood-process.ts', [], cores.load)
  const stops = [load.stop, flood.stop]
  try {
    // The same requests come again and again here; vectors that were kept would make the service look better.
    const env = { REQUEST_TIMEOUT_MS: String(deadlineMs), USER_CACHE: '0' }
    const { port, pid, stop } = await startServiceProcess(bundle, { env, cores: cores.service })
    stops.push(stop)
    const closed = { port, connections: CONNECTIONS, seconds: CAPACITY_SECONDS, warmSeconds: 0, requests }
    for (let answers = 0, turn = 0; answers < WARM_ANSWERS && turn < WARM_TURNS; turn++) {
      answers += (await load.ask({ ...closed, seconds: 2 })).latencies.length
    }
    const capacity = summarise([await load.ask(closed)]).perSecond
    if (!(capacity > 0)) throw new Error(`no answer within ${deadlineMs} ms: this machine is too busy, see --deadline`)
    return await use({
      pid,
      port,
      capacity,
      cores,
      flood: async (perSecond, seconds) => await flood.ask({ port, perSecond, seconds, deadlineMs, requests }),
    })
  } finally {
    for (const stop of stops) await stop()
  }
}
