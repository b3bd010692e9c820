import { openBundle } from '../../src/bundle/open.ts'
import { startChild } from '../child.ts'
import type { LoadQuestion } from '../serve/load-process.ts'
import { makeRequests } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import { type Sample, summarise } from '../statistics.ts'
import type { FloodAnswer, FloodQuestion } from './flood-process.ts'
import type { ShedRow } from './report.ts'

export interface BenchShedOptions {
  readonly bundle: string
  /** Seconds at each rate, and in each round. */
  readonly seconds: number
  readonly rounds: number
}

const REQUESTS = 2000
const CONNECTIONS = 32
/** Multiples of the capacity; the last one shows whether it recovers. */
const TIMES = [0.5, 1, 2, 4]
/** The service's own default. */
const DEADLINE_MS = 250

/**
 * The service under more load than it can take: its capacity in a closed loop first, then an open loop at multiples of
 * it, the rates in turns so that a neighbour's load falls on all alike. Loopback only.
 */
export async function benchShed ({ bundle, seconds, rounds }: BenchShedOptions): Promise<{
  capacity: number, rows: ShedRow[]
}> {
  const opened = await openBundle(bundle)
  const requests = await makeRequests(opened, REQUESTS)
  const load = startChild<LoadQuestion, Sample>('bench/serve/load-process.ts')
  const flood = startChild<FloodQuestion, FloodAnswer>('bench/shed/flood-process.ts')
  const service = await startServiceProcess(opened.dir)
  try {
    const closed = { port: service.port, connections: CONNECTIONS, seconds, warmSeconds: 2, requests }
    const capacity = summarise([await load.ask(closed)]).perSecond
    const taken = new Map<number, FloodAnswer[]>(TIMES.map((times) => [times, []]))
    for (let round = 0; round < rounds; round++) {
      for (const times of TIMES) {
        const question = { port: service.port, perSecond: capacity * times, seconds, deadlineMs: DEADLINE_MS, requests }
        taken.get(times)!.push(await flood.ask(question))
      }
    }
    return { capacity, rows: TIMES.map((times) => ({ times, ...joined(taken.get(times)!) })) }
  } finally {
    await load.stop()
    await flood.stop()
    await service.stop()
  }
}

function joined (floods: readonly FloodAnswer[]): FloodAnswer {
  const sum = (of: (flood: FloodAnswer) => number): number => floods.reduce((total, flood) => total + of(flood), 0)
  return {
    seconds: sum(({ seconds }) => seconds),
    offered: sum(({ offered }) => offered),
    fates: {
      good: sum(({ fates }) => fates.good),
      degraded: sum(({ fates }) => fates.degraded),
      refused: sum(({ fates }) => fates.refused),
      late: sum(({ fates }) => fates.late),
      failed: sum(({ fates }) => fates.failed),
    },
    good: floods.flatMap(({ good }) => good),
    refused: floods.flatMap(({ refused }) => refused),
    probes: floods.flatMap(({ probes }) => probes),
  }
}
