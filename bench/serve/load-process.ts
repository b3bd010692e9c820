import { answerParent } from '../child.ts'
import type { Sample } from '../statistics.ts'
import { closedLoop } from './closed-loop.ts'
import { httpCaller } from './http-caller.ts'
import { type Asked, httpRequest } from './requests.ts'

export interface LoadQuestion {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly warmSeconds: number
  /** Taken in turn by all connections. */
  readonly requests: readonly Asked[]
}

/** An answer that is late or popular instead of a model's is none: it costs nothing to give. */
const GOOD = ['HTTP/1.1 200 ', '"basis":"history"', '"degraded":false']

// The generator of the load, in a process of its own.
answerParent(async ({ port, connections, seconds, warmSeconds, requests }: LoadQuestion): Promise<Sample> => {
  const raw = requests.map(httpRequest)
  let next = 0
  const callers = Array.from({ length: connections }, () => httpCaller(port))
  const sample = await closedLoop(callers.map((caller) => async () => {
    const answer = await caller.call(raw[next++ % raw.length]!)
    return GOOD.every((part) => answer.includes(part))
  }), seconds, warmSeconds)
  for (const caller of callers) caller.close()
  return sample
}, async () => {})
