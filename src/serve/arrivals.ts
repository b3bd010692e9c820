import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'

/** What the HTTP thread knows of time that passed before it could look. */
export interface Arrivals {
  /**
   * When a request whose bytes are being read may have arrived, in monotonic milliseconds; for use while it is read. A
   * busy loop reads in turns: what it reads now came while it was at the turn before, on average in the middle of it.
   * Of turns without a request only their mean is known.
   * The first request of a connection that was accepted in the turn before came with that, one more turn earlier.
   */
  readonly of: (socket: Socket) => number
  /** Notes that a connection is being accepted. */
  readonly accept: (socket: Socket) => void
  /** How busy the loop was lately, or all the cores that the process may use, whichever was busier, 0 to 1. */
  readonly load: () => number
  /** Milliseconds that the loop was busy with the turn before this one. */
  readonly turnMs: () => number
}

export interface ArrivalsOptions {
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /** Milliseconds for which the loop has waited for something to do, since the process began. */
  readonly idle?: () => number
  /** Turns of the loop, since the process began. */
  readonly turns?: () => number
  /** Milliseconds of CPU time that all threads of the process took so far. */
  readonly cpu?: () => number
  /** Cores that they may use. */
  readonly cores?: number
  /** Calls back when the turn is over. */
  readonly afterTurn?: (end: () => void) => void
}

const WINDOW_MS = 100

/**
 * Watches the turns of the event loop in which requests are read. Costs nothing while none are: there is no timer.
 * Nothing else shows how long bytes lay in a socket: to the code that reads them they always came just now.
 */
export function watchArrivals (options: ArrivalsOptions = {}): Arrivals {
  const { now = () => performance.now(), afterTurn = setImmediate } = options
  const { idle = () => performance.nodeTiming.idleTime } = options
  const { turns = () => performance.nodeTiming.uvMetricsInfo.loopCount } = options
  const { cpu = cpuTime, cores = availableParallelism() } = options
  const accepted = new WeakMap<Socket, { readonly turn: number, readonly at: number }>()
  let inTurn = false
  let turn = turns()
  let turnAt = now()
  let idleAt = idle()
  /** How long the turn before this one was busy: for so long nobody looked. */
  let blind = 0
  let load = 0
  let windowAt = turnAt
  let windowIdle = idleAt
  let windowCpu = cpu()

  const end = (): void => { inTurn = false }
  const look = (): void => {
    if (inTurn) return
    inTurn = true
    afterTurn(end)
    const [at, idleNow, turnNow] = [now(), idle(), turns()]
    blind = Math.max(0, at - turnAt - (idleNow - idleAt)) / Math.max(1, turnNow - turn)
    turn = turnNow
    turnAt = at
    idleAt = idleNow
    if (at - windowAt < WINDOW_MS) return
    const cpuNow = cpu()
    // A loop that waits for a core which another thread of ours has looks idle.
    const loop = 1 - (idleNow - windowIdle) / (at - windowAt)
    load = Math.min(1, Math.max(0, loop, (cpuNow - windowCpu) / (at - windowAt) / cores))
    windowAt = at
    windowIdle = idleNow
    windowCpu = cpuNow
  }
  return {
    of (socket) {
      look()
      const first = accepted.get(socket)
      accepted.delete(socket)
      return first !== undefined && turn - first.turn <= 1 ? first.at : turnAt - blind / 2
    },
    accept (socket) {
      look()
      accepted.set(socket, { turn, at: turnAt - blind / 2 })
    },
    load () {
      look()
      return load
    },
    turnMs () {
      look()
      return blind
    },
  }
}

function cpuTime (): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const noted = new WeakMap<IncomingMessage, number>()

export function noteArrival (request: IncomingMessage, at: number): void {
  noted.set(request, at)
}

/** When a request arrived, in monotonic milliseconds; undefined where nobody noted it. */
export function arrivedAt (request: IncomingMessage): number | undefined {
  return noted.get(request)
}
