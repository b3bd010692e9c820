import { openBundle } from '../../src/bundle/open.ts'
import type { OnProgress } from '../../src/progress.ts'
import { startChild } from '../child.ts'
import { apartCores, cpuSeconds } from '../cores.ts'
import type { BareQuestion } from '../serve/bare-process.ts'
import type { EngineQuestion } from '../serve/engine-process.ts'
import { httpCaller } from '../serve/http-caller.ts'
import type { LoadQuestion } from '../serve/load-process.ts'
import { httpRequest, makeRequests } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import { type Sample, summarise } from '../statistics.ts'
import { peerPython, startPeer } from './fastapi.ts'
import type { PeerRow } from './report.ts'

export interface BenchPeersOptions {
  readonly bundle: string
  readonly connections: readonly number[]
  /** Of measuring, of each target at each number of connections, in all rounds. */
  readonly seconds: number
  readonly rounds: number
  readonly say: (message: string) => void
  /** Told after each slice. */
  readonly onProgress?: OnProgress
}

export interface PeerFigures {
  readonly rows: readonly PeerRow[]
  /** Of the service's ten items for a session, the share that each peer answers too. */
  readonly same: Readonly<Record<string, number>>
}

const REQUESTS = 2000
const COMPARED = 100
const WARM_SECONDS = 0.5
const WARM_ANSWERS = 5000
const WARM_TURNS = 20
/** Far more than any answer takes: this measures what answers cost, not what is refused. */
const ENV = { REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '5000', USER_CACHE: '0' }

interface Target {
  readonly name: string
  readonly pid: number
  readonly measure: (connections: number) => Promise<Sample>
}

/**
 * The service, what it is made of, and the usual Python parts for the same job, in turns: same bundle, requests,
 * precision, no cache. The load comes from a core of its own where there is one. Loopback only.
 */
export async function benchPeers (options: BenchPeersOptions): Promise<PeerFigures> {
  const { connections, seconds, rounds, say, onProgress } = options
  const python = await peerPython(say)
  const bundle = await openBundle(options.bundle)
  const requests = await makeRequests(bundle, REQUESTS)
  const cores = apartCores()
  const stops: Array<() => Promise<void>> = []
  const kept = <T extends { stop: () => Promise<void> }>(started: T): T => {
    stops.push(started.stop)
    return started
  }
  try {
    const load = kept(startChild<LoadQuestion, Sample>('bench/serve/load-process.ts', [], cores.load))
    const engine = kept(startChild<EngineQuestion, Sample>('bench/serve/engine-process.ts', [bundle.dir], cores.service))
    const bare = kept(startChild<BareQuestion, number>('bench/serve/bare-process.ts', [], cores.service))
    const service = kept(await startServiceProcess(bundle.dir, { env: ENV, cores: cores.service }))
    const exact = kept(await startPeer(python, bundle.dir, 'exact', cores.service))
    const hnsw = kept(await startPeer(python, bundle.dir, 'hnsw', cores.service))

    const wanted = await answersOf(service.port, requests)
    const same = {
      'FastAPI, exact': shared(wanted, await answersOf(exact.port, requests)),
      'FastAPI, HNSW': shared(wanted, await answersOf(hnsw.port, requests)),
    }
    const barePort = await bare.ask({ answer: wanted[0]! })
    const slice = { requests, warmSeconds: WARM_SECONDS, seconds: seconds / rounds }
    const http = (name: string, pid: number, port: number): Target =>
      ({ name, pid, measure: async (count) => await load.ask({ ...slice, connections: count, port }) })
    const targets: Target[] = [
      { name: 'raw engine', pid: engine.pid, measure: async (count) => await engine.ask({ ...slice, connections: count }) },
      http('bare Fastify', bare.pid, barePort),
      http('service', service.pid, service.port),
      http('FastAPI, exact', exact.pid, exact.port),
      http('FastAPI, HNSW', hnsw.pid, hnsw.port),
    ]
    // Compilers are done after so many answers, however long those take here.
    for (const { measure } of targets) {
      for (let answered = 0, turn = 0; answered < WARM_ANSWERS && turn < WARM_TURNS; turn++) {
        answered += (await measure(Math.max(...connections))).latencies.length
      }
    }

    const rows: PeerRow[] = []
    let slices = 0
    for (const count of connections) {
      const samples = targets.map(() => [] as Sample[])
      const cpu = targets.map(() => 0)
      const answered = targets.map(() => 0)
      for (let round = 0; round < rounds; round++) {
        for (const [t, { name, pid, measure }] of targets.entries()) {
          const before = await cpuSeconds(pid)
          const sample = await measure(count)
          samples[t]!.push(sample)
          cpu[t]! += await cpuSeconds(pid) - before
          // The CPU time is that of the warm-up as well; its answers are told by its share of the time.
          answered[t]! += sample.latencies.length * (sample.seconds + WARM_SECONDS) / sample.seconds
          onProgress?.(++slices, connections.length * rounds * targets.length, `${name}, ${count} connections`)
        }
      }
      for (const [t, { name }] of targets.entries()) {
        rows.push({ connections: count, name, ...summarise(samples[t]!), microsOfCpu: 1e6 * cpu[t]! / answered[t]! })
      }
    }
    return { rows, same }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

interface Answered { readonly items: ReadonlyArray<{ readonly itemId: string }> }

async function answersOf (port: number, requests: Parameters<typeof httpRequest>[0][]): Promise<Answered[]> {
  const caller = httpCaller(port)
  const answers: Answered[] = []
  for (const request of requests.slice(0, COMPARED)) {
    const answer = await caller.call(httpRequest(request))
    answers.push(JSON.parse(answer.toString('utf8', answer.indexOf('\r\n\r\n') + 4)) as Answered)
  }
  caller.close()
  return answers
}

/** How many items of `wanted` the others have as well, of all. */
function shared (wanted: readonly Answered[], given: readonly Answered[]): number {
  let [all, both] = [0, 0]
  for (const [i, { items }] of wanted.entries()) {
    const other = new Set(given[i]!.items.map(({ itemId }) => itemId))
    all += items.length
    both += items.filter(({ itemId }) => other.has(itemId)).length
  }
  return both / all
}
