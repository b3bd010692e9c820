import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedLoop } from '../../bench/serve/closed-loop.ts'
import { type HttpCaller, httpCaller } from '../../bench/serve/http-caller.ts'
import { httpRequest } from '../../bench/serve/requests.ts'
import { openLoop } from '../../bench/shed/open-loop.ts'
import { percentile, summarise } from '../../bench/statistics.ts'
import { figure } from '../support/figures.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const DEADLINE_MS = 1000
const IN_FLIGHT = 32
/** Of a flood, so that all together need fewer sockets than a process may open, should none be answered in time. */
const MOST_REQUESTS = 12_000
const PROBE = Buffer.from('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')

/** A machine that others keep busy decides the figures, so none is asserted: what is, holds at any speed. */
describe('the service under a burst and a flood of up to four times what it can take', () => {
  let dataDir: string
  let service: ServiceProcess
  let port: number
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'isthmus-overload-'))
    service = await startProcess({
      DATA_DIR: dataDir, REQUEST_TIMEOUT_MS: String(DEADLINE_MS), MAX_LOOP_DELAY_MS: '100', MAX_IN_FLIGHT: String(IN_FLIGHT),
    })
    port = Number(new URL(service.address).port)
  })
  afterAll(async () => {
    await service.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  const request = httpRequest({ domain: 'sport', history: ['sport-0001', 'cloth-0002', 'sport-0003'], k: 10 })
  const isGood = (answer: Buffer): boolean => answer.includes('HTTP/1.1 200 ') && answer.includes('"degraded":false')

  const shedSoFar = async (): Promise<number> => {
    const metrics = await (await service.get('/metrics')).text()
    return [...metrics.matchAll(/^isthmus_shed_total\{[^}]*\} (\d+)/gm)]
      .reduce((sum, [, count]) => sum + Number(count), 0)
  }

  it('P28, P29: answers or refuses every request and every probe, counts what it refused, and recovers', async ({ task }) => {
    const idle: HttpCaller[] = []
    const all: HttpCaller[] = []
    const open = (): HttpCaller => {
      const caller = httpCaller(port)
      all.push(caller)
      return caller
    }
    const closed = Array.from({ length: 16 }, () => {
      const caller = open()
      return async () => isGood(await caller.call(request))
    })
    await closedLoop(closed, 0.5, 0.5)
    const capacity = Math.max(20, summarise([await closedLoop(closed, 2, 0)]).perSecond)

    const shedBefore = await shedSoFar()

    const probes: Array<Promise<{ ok: boolean, ms: number }>> = []
    const timer = setInterval(() => {
      const start = performance.now()
      probes.push(open().call(PROBE).then((answer) =>
        ({ ok: answer.includes('HTTP/1.1 200 '), ms: performance.now() - start })))
    }, 200)
    let noTime = 0
    // A burst of twice what may be in work comes first: however fast the machine, that is too much at once.
    const sendOne = async (): Promise<'good' | 'degraded' | 'refused'> => {
      const caller = idle.pop() ?? open()
      const answer = await caller.call(request)
      idle.push(caller)
      if (answer.includes('HTTP/1.1 503 ')) {
        if (!answer.includes('"code":"overloaded"') || !/retry-after: 1/i.test(answer.toString())) noTime++
        return 'refused'
      }
      if (!answer.includes('HTTP/1.1 200 ')) throw new Error(answer.toString())
      return isGood(answer) ? 'good' : 'degraded'
    }
    const burst = await Promise.all(Array.from({ length: 8 * IN_FLIGHT }, sendOne))
    const perSecond = 4 * capacity
    const seconds = Math.min(4, MOST_REQUESTS / perSecond)
    const flood = await openLoop({ perSecond, seconds, deadlineMs: DEADLINE_MS, send: sendOne })
    clearInterval(timer)
    const answered = await Promise.all(probes)
    for (const caller of all) caller.close()

    const { fates } = flood
    expect(fates.failed).toBe(0)
    expect(fates.good + fates.degraded + fates.refused + fates.late).toBe(flood.offered)
    expect(burst.filter((fate) => fate !== 'good').length).toBeGreaterThan(0)
    expect(noTime).toBe(0)
    expect(answered.length).toBeGreaterThan(0)
    expect(answered.filter(({ ok }) => !ok)).toEqual([])

    // What callers saw is what the service says it did.
    const inBurst = burst.filter((fate) => fate === 'refused').length
    expect(await shedSoFar() - shedBefore).toBe(fates.refused + inBurst)

    // And it is well again, on a connection of before as on a new one.
    let recovered = false
    for (let n = 0; n < 50 && !recovered; n++) {
      const caller = httpCaller(port)
      recovered = isGood(await caller.call(request))
      caller.close()
    }
    expect(recovered).toBe(true)

    const p99 = (values: readonly number[]): string =>
      values.length === 0 ? 'none' : `${percentile(Float64Array.from(values).sort(), 0.99).toFixed(0)} ms`
    figure({ task }, `capacity ${capacity.toFixed(0)}/s; offered ${(flood.offered / flood.seconds).toFixed(0)}/s: good ` +
      `${(fates.good / flood.seconds).toFixed(0)}/s (p99 ${p99(flood.good)}), degraded ${fates.degraded}, refused ` +
      `${fates.refused} (p99 ${p99(flood.refused)}), late ${fates.late}; ${answered.length} probes, slowest ` +
      `${Math.max(...answered.map(({ ms }) => ms)).toFixed(0)} ms`)
  }, 120_000)
})
