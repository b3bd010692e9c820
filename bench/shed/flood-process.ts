import { answerParent } from '../child.ts'
import { type HttpCaller, httpCaller } from '../serve/http-caller.ts'
import { type Asked, httpRequest } from '../serve/requests.ts'
import { type Flood, openLoop } from './open-loop.ts'

export interface FloodQuestion {
  readonly port: number
  readonly perSecond: number
  readonly seconds: number
  readonly deadlineMs: number
  readonly requests: readonly Asked[]
}

/** Also probes: once a second, beside the flood. */
export interface FloodAnswer extends Flood {
  /** Milliseconds that /health/live took; Infinity where it gave no 200. */
  readonly probes: readonly number[]
}

const PROBE = Buffer.from('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')

// The generator of the load, in a process of its own.
answerParent(async ({ port, perSecond, seconds, deadlineMs, requests }: FloodQuestion): Promise<FloodAnswer> => {
  const raw = requests.map(httpRequest)
  const idle: HttpCaller[] = []
  const all: HttpCaller[] = []
  let next = 0
  const open = (): HttpCaller => {
    const caller = httpCaller(port)
    all.push(caller)
    return caller
  }
  const probes: number[] = []
  const timer = setInterval(() => {
    const start = performance.now()
    // One of its own each: the one before may still wait.
    open().call(PROBE).then(
      (answer) => probes.push(answer.includes('HTTP/1.1 200 ') ? performance.now() - start : Infinity),
      () => probes.push(Infinity))
  }, 1000)
  const flood = await openLoop({
    perSecond,
    seconds,
    deadlineMs,
    async send () {
      const caller = idle.pop() ?? open()
      const answer = await caller.call(raw[next++ % raw.length]!)
      idle.push(caller)
      if (answer.includes('HTTP/1.1 503 ')) return 'refused'
      if (!answer.includes('HTTP/1.1 200 ')) throw new Error('neither an answer nor a refusal')
      return answer.includes('"degraded":false') ? 'good' : 'degraded'
    },
  })
  clearInterval(timer)
  for (const caller of all) caller.close()
  return { ...flood, probes }
}, async () => {})
