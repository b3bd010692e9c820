import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { openBundle } from '../../src/bundle/open.ts'
import { createRandom } from '../../src/random.ts'
import { httpCaller } from '../serve/http-caller.ts'
import { httpRequest } from '../serve/requests.ts'
import { startServiceProcess } from '../serve/service.ts'
import { percentile } from '../statistics.ts'
import type { ServiceFigures } from './figures.ts'

const REQUESTS = 500
const MOST_REFUSED = 100
const POSTED = 10_000
/** Streams at the same time: one is read while the other is written to the disk. */
const STREAMS = 2

/** Starts the service on a bundle of one domain, asks it, and posts items in bulk with embeddings. */
export async function measureService (dir: string): Promise<ServiceFigures> {
  const { manifest } = await openBundle(dir, { verify: 'on-read' })
  const { name: domain, items: rows } = manifest.domains[0]!
  const started = performance.now()
  // Patient: a busy machine shows in the times, and must not turn answers into popular items.
  const service = await startServiceProcess(dir, { env: { REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '60000' } })
  const startSeconds = (performance.now() - started) / 1000
  const startCpu = await cpuSeconds(service.pid)
  const caller = httpCaller(service.port)
  try {
    const recommend = async (history: readonly string[]): Promise<{ historyUsed: number, ms: number }> => {
      for (let refused = 0; ; refused++) {
        const start = performance.now()
        const answer = (await caller.call(httpRequest({ domain, history, k: 10 }))).toString()
        const ms = performance.now() - start
        const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
        const { historyUsed, degraded } = JSON.parse(body) as { historyUsed?: number, degraded?: boolean }
        if (historyUsed !== undefined && degraded === false) return { historyUsed, ms }
        // What a caller does with a 503, on a machine whose neighbours make the service late.
        if (refused === MOST_REFUSED) throw new Error(`not an answer to measure: ${body}`)
        await setTimeout(100)
      }
    }
    const random = createRandom(3, 'bench/index/service')
    const itemId = (row: number): string => `item-${String(row).padStart(8, '0')}`
    const session = (): string[] => Array.from({ length: 20 }, () => itemId(random.integer(rows)))
    for (let i = 0; i < 50; i++) await recommend(session())
    const cpuBefore = await cpuSeconds(service.pid)
    const took: number[] = []
    for (let i = 0; i < REQUESTS; i++) took.push((await recommend(session())).ms)
    const cpuAsked = await cpuSeconds(service.pid)
    const sorted = Float64Array.from(took).sort()
    const rssBytes = await rss(service.pid)

    const line = (itemId: string): string => JSON.stringify({
      itemId,
      domain,
      title: `posted as ${itemId}`,
      embeddingModel: manifest.embedder.id,
      embedding: Array.from({ length: manifest.embedder.width }, () => Math.fround(random.normal())),
    })
    const each = POSTED / STREAMS
    const bodies = Array.from({ length: STREAMS }, (_, s) =>
      Array.from({ length: each }, (_, i) => line(`posted-${s}-${i}`)).join('\n'))
    const posting = performance.now()
    await Promise.all(bodies.map(async (body) => await post(service.port, body)))
    const last = Array.from({ length: 100 }, (_, i) => `posted-${i % STREAMS}-${each - 1 - Math.floor(i / STREAMS)}`)
    const found = await recommend(last.slice(0, 2))
    const postSeconds = (performance.now() - posting) / 1000
    let unknown = 2 - found.historyUsed
    for (let i = 2; i < 100; i += 2) unknown += 2 - (await recommend(last.slice(i, i + 2))).historyUsed
    return {
      rows,
      startSeconds,
      startCpu,
      rssBytes,
      recommend: {
        p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), cpu: 1000 * (cpuAsked - cpuBefore) / REQUESTS,
      },
      posted: POSTED,
      postSeconds,
      postCpu: 1000 * (await cpuSeconds(service.pid) - cpuAsked) / POSTED,
      unknown,
    }
  } finally {
    caller.close()
    await service.stop()
  }
}

async function post (port: number, body: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/items`, {
    method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body,
  })
  const text = await answer.text()
  if (answer.status !== 200 || !text.includes('"rejected":[]')) throw new Error(`items were refused: ${text.slice(0, 300)}`)
}

/** Seconds of CPU that a process has used, in clock ticks of 10 ms: Linux. */
async function cpuSeconds (pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function rss (pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
  return 1024 * Number(kib)
}
