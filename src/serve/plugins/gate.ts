import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Engine } from '../../recommend/engine.ts'
import { type Arrivals, noteArrival } from '../arrivals.ts'
import type { Metrics } from '../metrics.ts'
import { problem, PROBLEMS, retryAfter } from '../problems.ts'
import { wantedMs } from './deadline.ts'
import { PROBLEM_TYPE } from './errors.ts'
import type { InWork } from './guard.ts'
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts'

export interface GateOptions {
  readonly engine: Pick<Engine, 'status'>
  readonly metrics: Metrics
  readonly arrivals: Arrivals
  readonly inWork: Readonly<InWork>
  /** Requests in work from which on another one would get popular items. */
  readonly maxInFlight: number
  /** Milliseconds that a request has unless it says otherwise. */
  readonly defaultMs: number
  /** Milliseconds that a request may have waited to be read, at most half of its time. */
  readonly mostWaitMs: number
  readonly now?: () => number
}

type Reason = 'waited' | 'in_flight' | 'engine'

/** Whose answers never wait for the engine, or are wanted most when all is late. */
const OPEN = /^\/(health|metrics)([/?]|$)/
/** What needs the engine whatever it says. */
const RECOMMENDS = /^\/recommend([/?]|$)/

/** Of its time, what a request may have waited: what is left must do for the answer. */
const MOST_WAITED = 0.5
/**
 * Turns of a busy loop that an answer takes besides what the engine needs: till the request is handed over, till the
 * engine's answer is seen, till it is written. One more, since an answer that is late by a little costs a whole one.
 */
const TURNS = 4
/** From here on there is no time for answers that are cheap, only for those that are good. */
const BUSY = 0.9
/**
 * Turns away what cannot be answered well, before anything of it is parsed, routed or counted: that costs a tenth of
 * what a cheap answer does, and under overload there are many. Two kinds are turned away: what has waited in its socket
 * for too long, which nothing in the handlers could see; and, while the HTTP thread or all cores are busy throughout,
 * recommendations that would not be done by their deadlines, or would be too many at once. Where there is time to spare
 * those are let in, and get popular items instead: five such answers cost as much as a good one.
 */
export const gate = fp(async (app: FastifyInstance, options: GateOptions) => {
  const { engine, metrics, arrivals, inWork, maxInFlight, defaultMs, mostWaitMs } = options
  const { now = () => performance.now() } = options

  const reasonAgainst = (request: IncomingMessage, at: number): Reason | undefined => {
    const { url = '' } = request
    if (OPEN.test(url)) return undefined
    // A header that is wrong is told so by the handlers.
    const has = wantedMs(request) ?? defaultMs
    const waited = now() - at
    if (waited > Math.min(mostWaitMs, MOST_WAITED * has)) return 'waited'
    if (arrivals.load() < BUSY || !RECOMMENDS.test(url)) return undefined
    if (inWork.all >= maxInFlight) return 'in_flight'
    return engine.status().waitMs + TURNS * arrivals.turnMs() > has - waited ? 'engine' : undefined
  }

  /** What this turn of the loop turned away. */
  let refused: Array<readonly [Reason, IncomingMessage, ServerResponse]> = []
  /**
   * All of a turn in one go at its end: a caller woken by the first answer still reads when the next ones come, where
   * answers apart from each other wake it each time, at half of what a refusal takes. Counted in one go too.
   */
  const refuseAll = (): void => {
    const these = refused
    refused = []
    const counted = new Map<Reason, number>()
    for (const [reason, request, response] of these) {
      refuse(request, response)
      counted.set(reason, (counted.get(reason) ?? 0) + 1)
    }
    for (const [reason, requests] of counted) {
      metrics.shed.inc({ reason }, requests)
      metrics.httpRequests.inc({ method: 'other', route: 'shed', status: 503 }, requests)
    }
  }

  app.server.on('connection', arrivals.accept)
  app.door.turnsAway = (request, response) => {
    const at = arrivals.of(request.socket)
    const reason = reasonAgainst(request, at)
    if (reason === undefined) {
      noteArrival(request, at)
      return false
    }
    if (refused.length === 0) setImmediate(refuseAll)
    refused.push([reason, request, response])
    return true
  }
}, { name: 'gate' })

const [STATUS] = PROBLEMS.overloaded

function refuse (request: IncomingMessage, response: ServerResponse): void {
  const id = requestIdOf(request)
  const body = JSON.stringify(problem('overloaded', id))
  response.writeHead(STATUS, STATUS_CODES[STATUS], [
    'content-type', PROBLEM_TYPE,
    'content-length', String(Buffer.byteLength(body)),
    'retry-after', String(retryAfter('overloaded')),
    REQUEST_ID_HEADER, id,
  ])
  response.end(body)
}
