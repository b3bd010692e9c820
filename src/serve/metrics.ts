import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Everything /metrics shows. Labels come from closed sets: no id, no path and no text of a caller is ever a label. */
export type Metrics = ReturnType<typeof createMetrics>

/** One registry an app: nothing global, so that two apps in one process do not meet. */
export function createMetrics () {
  const registry = new Registry()
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Histogram<L> =>
    new Histogram({ name, help, labelNames, registers, buckets: SECONDS })

  return {
    registry,
    httpRequests: counter('http_requests_total', 'Answers by route template.', ['method', 'route', 'status']),
    httpSeconds: histogram('http_request_duration_seconds', 'Time to answer.', ['method', 'route']),
    stageSeconds: histogram('isthmus_stage_duration_seconds', 'Time of one stage of a recommendation.', ['stage']),
    recommendations: counter('isthmus_recommendations_total', 'Answers by what they rest on.', ['domain', 'basis', 'variant']),
    degraded: counter('isthmus_degraded_total', 'Answers given without something that was down or late.', ['reason']),
    shed: counter('isthmus_shed_total', 'Requests refused to protect the others.', ['reason']),
    refused: counter('isthmus_refused_total', 'Requests of callers who may not, or too often.', ['reason']),
    deadlineExpired: counter('isthmus_deadline_expired_total', 'Deadlines that passed, by stage.', ['stage']),
    clientsGone: counter('isthmus_clients_gone_total', 'Calls not begun because their callers had gone.'),
    queueWait: histogram('isthmus_queue_wait_seconds', 'Time that a call waits for the engine.'),
    queueDepth: gauge('isthmus_queue_depth', 'Requests that wait for the engine.'),
    batchSize: new Histogram({
      name: 'isthmus_batch_size', help: 'Calls the engine took at once.', buckets: [1, 2, 4, 8, 16, 32, 64], registers,
    }),
    engineSeconds: histogram('isthmus_engine_seconds', 'Time of one engine batch.'),
    engineUp: gauge('isthmus_engine_up', '1 while the engine worker answers.'),
    modelInfo: gauge('isthmus_model_info', 'The bundle in use.', ['name', 'version', 'provider']),
    reloads: counter('isthmus_reload_total', 'Changes of models, by how they went.', ['result', 'reason']),
    engineItems: gauge('isthmus_engine_items', 'Items that can be recommended.', ['domain', 'retrieval']),
    indexSearches: counter(
      'isthmus_index_searches_total', 'Searches of an index that is both, by what answered.', ['domain', 'by']
    ),
    indexTail: gauge('isthmus_index_tail_items', 'Items that the index has not taken in yet.', ['domain']),
    pendingItems: gauge('isthmus_pending_items', 'Posted items that wait for their text embedding.'),
    embeddings: counter('isthmus_embedding_requests_total', 'Item texts embedded.', ['result']),
    embeddingTokens: counter('isthmus_embedding_tokens_total', 'Tokens sent to an endpoint of embeddings, as estimated.'),
    storeAcked: counter('isthmus_store_acked_total', 'Writes acknowledged.', ['kind']),
    storeCommit: histogram('isthmus_store_commit_seconds', 'Time until a write is on disk.', ['kind']),
    unknownItems: counter('isthmus_unknown_items_total', 'Accepted events of items that the model does not know.'),
    eventsRejected: counter('isthmus_events_rejected_total', 'Events refused one by one.', ['code']),
    eventLoopDelay: gauge('isthmus_event_loop_delay_seconds', 'Delay of the HTTP thread that lasted a second.'),
  }
}

/** Adds what prom-client knows of the process; started by the server, since it holds observers. */
export function observeProcess ({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry })
}

/** How late the event loop runs, in milliseconds: the lowest of the means of the last four quarters of a second. */
export interface LoopDelay { readonly sustained: () => number, readonly close: () => void }

const WINDOWS = 4
const WINDOW_MS = 250
const RESOLUTION_MS = 10

/** One late quarter of a second is a garbage collection or a neighbour; a whole second is too much work. */
export function watchLoopDelay (): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  let means: number[] = []
  const timer = setInterval(() => {
    // The histogram measures the whole interval, its own resolution included.
    const mean = histogram.count === 0 ? 0 : Math.max(0, histogram.mean / 1e6 - RESOLUTION_MS)
    means = [...means, mean].slice(-WINDOWS)
    histogram.reset()
  }, WINDOW_MS)
  timer.unref()
  return {
    sustained: () => means.length < WINDOWS ? 0 : Math.min(...means),
    close () {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
