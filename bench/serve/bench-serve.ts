import { openBundle } from '../../src/bundle/open.ts'
import type { OnProgress } from '../../src/progress.ts'
import { startChild } from '../child.ts'
import { type Sample, summarise } from '../statistics.ts'
import type { BareQuestion } from './bare-process.ts'
import type { EngineQuestion } from './engine-process.ts'
import type { LoadQuestion } from './load-process.ts'
import type { ServeRow } from './report.ts'
import { httpCaller } from './http-caller.ts'
import { httpRequest, makeRequests } from './requests.ts'
import { startServiceProcess } from './service.ts'

export interface BenchServeOptions {
  readonly bundle: string
  readonly connections: readonly number[]
  /** Of measuring, in all; starting and warming come on top. */
  readonly seconds: number
  readonly rounds: number
  /** Told after each slice. */
  readonly onProgress?: OnProgress
}

const REQUESTS = 400
const WARM_SECONDS = 0.2

/**
 * Measures the service beside its engine without HTTP and beside Fastify without an engine. All three are up the whole
 * time and take turns in short rounds, so that a neighbour's load falls on all of them alike. Loopback only.
 */
export async function benchServe (options: BenchServeOptions): Promise<ServeRow[]> {
  const { connections, seconds, rounds, onProgress } = options
  const bundle = await openBundle(options.bundle)
  const requests = await makeRequests(bundle, REQUESTS)
  const engine = startChild<EngineQuestion, Sample>('bench/serve/engine-process.ts', [bundle.dir])
  const bare = startChild<BareQuestion, number>('bench/serve/bare-process.ts')
  const load = startChild<LoadQuestion, Sample>('bench/serve/load-process.ts')
  const stops = [engine, bare, load].map(({ stop }) => stop)
  try {
    // The same requests come again and again: vectors that were kept would put the service before its own engine.
    const service = await startServiceProcess(bundle.dir, { env: { USER_CACHE: '0' } })
    stops.push(service.stop)
    const barePort = await bare.ask({ answer: await oneAnswer(service.port, httpRequest(requests[0]!)) })
    const slice = { requests, warmSeconds: WARM_SECONDS, seconds: seconds / (connections.length * rounds * 3) }
    const targets = {
      engine: (count: number) => engine.ask({ ...slice, connections: count }),
      bare: (count: number) => load.ask({ ...slice, connections: count, port: barePort }),
      service: (count: number) => load.ask({ ...slice, connections: count, port: service.port }),
    }
    // Once through without looking: compilers and caches are warm for everyone then.
    for (const measure of Object.values(targets)) await measure(Math.max(...connections))

    const rows: ServeRow[] = []
    let slices = 0
    for (const count of connections) {
      const samples: Record<keyof typeof targets, Sample[]> = { engine: [], bare: [], service: [] }
      for (let round = 0; round < rounds; round++) {
        for (const name of ['engine', 'bare', 'service'] as const) {
          samples[name].push(await targets[name](count))
          onProgress?.(++slices, connections.length * rounds * 3, `${name}, ${count} connections`)
        }
      }
      rows.push({
        connections: count,
        engine: summarise(samples.engine),
        bare: summarise(samples.bare),
        service: summarise(samples.service),
      })
    }
    return rows
  } finally {
    for (const stop of stops) await stop()
  }
}

/** A real answer, for bare Fastify to give. */
async function oneAnswer (port: number, request: Buffer): Promise<object> {
  const caller = httpCaller(port)
  const answer = await caller.call(request)
  caller.close()
  return JSON.parse(answer.toString('utf8', answer.indexOf('\r\n\r\n') + 4)) as object
}
