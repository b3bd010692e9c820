import type * as Api from '@opentelemetry/api'
import type { Context, Span, TextMapGetter } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import { arrivedAt } from '../arrivals.ts'

/** @opentelemetry/api: what a process registered with it (an SDK with exporters) gets the spans. */
export type TracingApi = Pick<typeof Api, 'context' | 'propagation' | 'SpanKind' | 'trace'>

declare module 'fastify' {
  interface FastifyRequest {
    /** Records a stage of this request; undefined where nobody traces. Monotonic milliseconds. */
    onStage: ((stage: string, from: number, to: number) => void) | undefined
  }
}

/** Loads the API, which is an optional peer. Fails with `config_invalid` where it is not there. */
export async function loadTracing (
  load: () => Promise<TracingApi> = async () => await import('@opentelemetry/api')
): Promise<TracingApi> {
  try {
    return await load()
  } catch (cause) {
    throw new IsthmusError('config_invalid', 'TRACING=otel needs @opentelemetry/api: npm install @opentelemetry/api', {
      place: { field: 'TRACING' }, cause,
    })
  }
}

const HEADERS: TextMapGetter<FastifyRequest['headers']> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => headers[key],
}

/**
 * A span a request, named by its route's template and below what the caller's `traceparent` names, with one below it
 * for each stage: parse, history, text, engine, and the engine's encode, retrieve and rank. Holds no id, text or item
 * of anybody. Probes and metrics have none.
 */
export const trace = fp(async (app: FastifyInstance, { api }: { readonly api: TracingApi | undefined }) => {
  app.decorateRequest('onStage', undefined)
  if (api === undefined) return
  const tracer = api.trace.getTracer('isthmus')
  const spans = new WeakMap<FastifyRequest, { readonly span: Span, readonly at: Context, readonly begun: number }>()

  app.addHook('onRequest', async (request) => {
    const { url = 'unmatched', config } = request.routeOptions
    if (config.unguarded === true) return
    const begun = performance.now()
    const parent = api.propagation.extract(api.context.active(), request.headers, HEADERS)
    const span = tracer.startSpan(`${request.method} ${request.is404 ? 'unmatched' : url}`, {
      kind: api.SpanKind.SERVER, startTime: unixMs(arrivedAt(request.raw) ?? begun),
    }, parent)
    const at = api.trace.setSpan(parent, span)
    spans.set(request, { span, at, begun })
    request.onStage = (stage, from, to) => {
      tracer.startSpan(stage, { startTime: unixMs(from) }, at).end(unixMs(to))
    }
  })
  app.addHook('preHandler', async (request) => {
    const begun = spans.get(request)?.begun
    if (begun !== undefined) request.onStage?.('parse', begun, performance.now())
  })
  app.addHook('onResponse', async (request, reply) => {
    const span = spans.get(request)?.span
    span?.setAttribute('http.response.status_code', reply.statusCode)
    span?.end(unixMs(performance.now()))
  })
}, { name: 'trace' })

/** What the SDK takes for a time. @param at monotonic milliseconds */
function unixMs (at: number): number {
  return performance.timeOrigin + at
}
