import { setTimeout } from 'node:timers/promises'
import { errorOf, IsthmusError } from '../errors.ts'
import type {
  ChartResult, Engine, EngineItemView, EngineStatus, RankedItem, RecommendResult, SearchResult
} from './engine.ts'
import type { EngineAnswer, EngineCall, EngineValue, EngineWorkerData } from './engine-protocol.ts'
import { MOST_LEFT_OUT } from './explain.ts'
import { type EngineThread, startEngineThread } from './engine-thread.ts'

/** What may change items in an engine that is not open for calls yet. */
export type EngineWriter =
  Pick<Engine, 'domains' | 'opensDomains' | 'openDomain' | 'putItems' | 'removeItem' | 'embedder'>

/** An engine in a thread of its own. */
export interface EngineClient extends Engine {
  /** To be called before it answers shoppers, where it was `lowered`. */
  readonly promote: () => void
}

export interface EngineClientOptions extends EngineWorkerData {
  /** Recommendations and look-ups that may wait for the worker; what comes beyond is refused with `overloaded`. */
  readonly maxWaiting?: number
  /**
   * Calls in one message, and so recommendations in one encoder run. One to explain counts as all the windows that it
   * takes, so that those who come after it wait no longer than for a full batch.
   */
  readonly maxBatch?: number
  /** Brings a freshly loaded engine up to date (items posted since the bundle), at the start and after a restart. */
  readonly restore?: (engine: EngineWriter) => Promise<void>
  readonly log?: (message: string) => void
  /** Told when the worker has died (with the cause), and when it answers again. */
  readonly onState?: (state: 'down' | 'ready', cause?: unknown) => void
  /** Told after each message: how many calls it held and how long they took in the worker, in milliseconds. */
  readonly onBatch?: (calls: number, ms: number) => void
  /** Told how long each call waited before it was sent, in milliseconds. */
  readonly onSent?: (waitedMs: number) => void
  /** Told of each call that was not worth sending: its deadline had passed, or its caller had gone. */
  readonly onDrop?: (reason: 'deadline' | 'client_gone') => void
  /** Milliseconds to wait before the n-th try (n from 0) to start a worker again. */
  readonly restartDelay?: (attempt: number) => number
  /** Makes the thread: tests pass one that does as told. */
  readonly startThread?: typeof startEngineThread
  /** Monotonic milliseconds, the clock of `deadline`. */
  readonly now?: () => number
}

interface Waiting {
  readonly call: EngineCall
  readonly resolve: (value: EngineValue) => void
  readonly reject: (error: unknown) => void
  readonly since: number
  /** About how many windows the worker encodes for it; 1 for a call that needs none. */
  readonly size: number
  readonly gone?: () => boolean
}

/** How much the latest batch counts in the mean time of a batch. */
const LATEST = 0.3

/** How much longer than foreseen a call may take: what goes before this queue and comes after it is not seen here. */
const MARGIN = 1.5

/**
 * An engine in a worker thread. Calls wait here, in a bounded queue; whenever the worker is free it gets all that wait,
 * up to `maxBatch`, without a timer: alone a call goes at once, under load batches fill by themselves. A call whose
 * deadline has passed, or whose caller has gone, is not sent; one that would not be done by its deadline, at the pace
 * of the batches before, is refused with `overloaded` when it comes: late answers take the time of those in time. When
 * the worker dies, the calls it was at fail with `engine_unavailable` and another one is started; until that is ready,
 * shoppers' calls fail at once (popular items are better than a late answer), and calls about the catalogue wait. Fails
 * like `openBundle` and `openEngine` where the bundle cannot be used.
 */
export async function engineClient (options: EngineClientOptions): Promise<EngineClient> {
  const {
    maxWaiting = 512, maxBatch = 64, restore = async () => {}, log = () => {}, onState = () => {}, onBatch = () => {},
    onSent = () => {}, onDrop = () => {},
    restartDelay = (attempt) => attempt === 0 ? 0 : Math.min(10_000, 100 * 2 ** attempt),
    startThread = startEngineThread, now = () => performance.now(),
  } = options
  const { bundle, manifest, provider, retrieval, cluster, userCache, chart, gently = false, lowered = false } = options
  const data = {
    ...(manifest && { manifest }),
    ...(provider && { provider }),
    ...(retrieval && { retrieval }),
    ...(cluster && { cluster }),
    ...(userCache && { userCache }),
    ...(chart && { chart }),
  }
  const queue: Waiting[] = []
  /** Of all that wait. A running sum: it is asked for with every request, and most of them come where many wait. */
  let queuedSize = 0
  let active: readonly Waiting[] = []
  let sentAt = 0
  /** What a batch takes, in milliseconds, whatever its size: calls join the next one, they do not queue one by one. */
  let pace = 0
  /** Set while calls may be sent. */
  let thread: EngineThread | undefined
  let status: EngineStatus
  /** Also while a worker starts again: what may be asked for does not depend on that. */
  let openedDomains: readonly string[] = []
  const noteDomain = (domain: string): void => {
    if (!openedDomains.includes(domain)) openedDomains = [...openedDomains, domain]
  }
  let restarting: Promise<void> | undefined
  const closing = new AbortController()
  let closed: Promise<void> | undefined
  let drained: (() => void) | undefined

  const start = async (path: string, more: Pick<EngineWorkerData, 'gently' | 'lowered'> = {}): Promise<EngineThread> => {
    const direct: Waiting[] = []
    const openedHere = new Set<string>()
    let open = false
    let death: IsthmusError | undefined
    const starting = await startThread({ bundle: path, ...data, ...more }, {
      onLog: log,
      onAnswers (reply) {
        status = reply.status
        if (open) finish(reply.answers)
        else settle(direct.splice(0, reply.answers.length), reply.answers)
      },
      onDeath (cause) {
        death = new IsthmusError('engine_unavailable', 'the engine worker died', { cause })
        for (const { reject } of direct.splice(0)) reject(death)
        if (open) die(death)
      },
    })
    status = starting.status
    const call = async (call: EngineCall): Promise<EngineValue> => await new Promise((resolve, reject) => {
      if (death !== undefined) return reject(death)
      direct.push({ call, resolve, reject, since: now(), size: 1 })
      starting.post([call])
    })
    try {
      await restore({
        embedder: starting.embedder,
        get domains () { return [...starting.domains, ...openedHere] },
        opensDomains: starting.opensDomains,
        async openDomain (domain) {
          if (starting.domains.includes(domain)) return
          await call({ kind: 'open', domain })
          openedHere.add(domain)
          noteDomain(domain)
        },
        putItems: async (items) => { await call({ kind: 'put', items }) },
        removeItem: async (itemId) => await call({ kind: 'remove', itemId }) === true,
      })
    } catch (error) {
      await starting.stop()
      throw error
    }
    open = true
    return starting
  }

  const pump = (): void => {
    if (thread === undefined || active.length > 0) return
    const batch: Waiting[] = []
    let size = 0
    while (queue.length > 0 && (size === 0 || size + queue[0]!.size <= maxBatch)) {
      const next = queue.shift()!
      queuedSize -= next.size
      const useless = isLate(next.call, now()) ? 'deadline' : next.gone?.() === true ? 'client_gone' : undefined
      if (useless === undefined) {
        batch.push(next)
        size += next.size
      } else {
        onDrop(useless)
        next.reject(new IsthmusError('deadline_exceeded', 'of no use before it began'))
      }
    }
    if (batch.length === 0) return drained?.()
    active = batch
    sentAt = now()
    for (const { since } of batch) onSent(sentAt - since)
    thread.post(batch.map(({ call }) => call))
  }
  const finish = (answers: readonly EngineAnswer[]): void => {
    const done = active
    active = []
    const took = now() - sentAt
    pace += (took - pace) * LATEST
    onBatch(done.length, took)
    // The next batch first: the worker is busy again while this thread answers.
    pump()
    settle(done, answers)
  }
  const die = (death: IsthmusError): void => {
    thread = undefined
    for (const { reject } of [...active, ...queue.filter(isBounded)]) reject(death)
    active = []
    queue.splice(0, queue.length, ...queue.filter((one) => !isBounded(one)))
    queuedSize = queue.reduce((sum, one) => sum + one.size, 0)
    drained?.()
    onState('down', death.cause)
    restarting = restart()
  }
  /** Tries until a worker is ready, or nobody wants one any more. */
  const restart = async (): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      await setTimeout(restartDelay(attempt), undefined, { signal: closing.signal }).catch(() => {})
      if (closing.signal.aborted) return
      try {
        thread = await start(first.dir)
        onState('ready')
        return pump()
      } catch (error) {
        log(`the engine does not start again: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  /** What a call that comes now would take. Nothing where none is before it: one call has to tell the pace. */
  const wait = (size: number): number => {
    if (active.length === 0) return 0
    return MARGIN * (Math.max(0, sentAt + pace - now()) + pace * Math.ceil((queuedSize + size) / maxBatch))
  }

  async function ask (call: EngineCall, gone?: () => boolean): Promise<EngineValue> {
    if (closed !== undefined) throw new IsthmusError('shutting_down', 'the engine is closing')
    return await new Promise((resolve, reject) => {
      const one = { call, resolve, reject, since: now(), size: sizeOf(call), ...(gone === undefined ? {} : { gone }) }
      if (isBounded(one)) {
        if (thread === undefined) throw new IsthmusError('engine_unavailable', 'the engine is starting again')
        if (queue.length >= maxWaiting && queue.filter(isBounded).length >= maxWaiting) {
          throw new IsthmusError('overloaded', `${maxWaiting} calls wait for the engine`)
        }
      }
      if (isLate(call, now() + wait(one.size))) throw new IsthmusError('overloaded', 'the queue is longer than the deadline')
      queue.push(one)
      queuedSize += one.size
      pump()
    })
  }

  // Started again it is in a hurry: nobody answers meanwhile.
  const first = await start(bundle, { gently, lowered })
  thread = first
  const { model, about, opensDomains, embedder } = first
  return {
    model,
    get domains () { return openedDomains.length === 0 ? first.domains : [...first.domains, ...openedDomains] },
    get openedDomains () { return openedDomains },
    opensDomains,
    about,
    embedder,
    // The worker answers each kind of call with its kind of value.
    recommend: async (job, gone) => await ask({ kind: 'recommend', job }, gone) as RecommendResult,
    similar: async (job) => await ask({ kind: 'similar', job }) as RankedItem[] | undefined,
    async openDomain (domain) {
      if (first.domains.includes(domain)) return
      await ask({ kind: 'open', domain })
      noteDomain(domain)
    },
    search: async (job) => await ask({ kind: 'search', job }) as SearchResult,
    chart: async (itemIds) => await ask({ kind: 'chart', itemIds }) as ChartResult | undefined,
    putItems: async (items) => { await ask({ kind: 'put', items }) },
    removeItem: async (itemId) => await ask({ kind: 'remove', itemId }) === true,
    describe: async (itemId) => await ask({ kind: 'describe', itemId }) as EngineItemView | undefined,
    status: () => ({
      ...status,
      queueDepth: queue.length,
      waitMs: wait(1),
      busyMs: active.length === 0 ? 0 : now() - sentAt,
    }),
    promote: () => thread?.promote(),
    close () {
      closed ??= (async () => {
        closing.abort()
        await restarting
        if (active.length > 0) await new Promise<void>((resolve) => { drained = resolve })
        for (const { reject } of queue.splice(0)) reject(new IsthmusError('shutting_down', 'the engine is closing'))
        await thread?.stop()
      })()
      return closed
    },
  }
}

/** What shoppers ask for. The rest keeps the catalogue true, is cheap, and its callers bound it. */
function isBounded ({ call }: Waiting): boolean {
  return call.kind === 'recommend' || call.kind === 'similar' || call.kind === 'search' || call.kind === 'chart'
}

function sizeOf (call: EngineCall): number {
  if (call.kind !== 'recommend' || call.job.explain !== true) return 1
  return 1 + Math.min(call.job.history.length, MOST_LEFT_OUT)
}

function settle (calls: readonly Waiting[], answers: readonly EngineAnswer[]): void {
  for (const [i, { resolve, reject }] of calls.entries()) {
    const answer = answers[i]!
    if ('fault' in answer) reject(errorOf(answer.fault))
    else resolve(answer.value)
  }
}

function isLate (call: EngineCall, now: number): boolean {
  return call.kind === 'recommend' && call.job.deadline !== undefined && call.job.deadline <= now
}
