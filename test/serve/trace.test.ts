import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import {
  BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { exitStatus } from '../../src/errors.ts'
import { loadTracing } from '../../src/serve/plugins/trace.ts'
import { openService, type Service } from './service.ts'

const SPORT = '/recommend?domain=sport'

describe('traces', () => {
  const exporter = new InMemorySpanExporter()
  let service: Service
  beforeAll(async () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
    propagation.setGlobalPropagator({
      fields: () => ['traceparent'],
      inject: () => {},
      extract (at, carrier, getter) {
        const [, traceId, spanId] = String(getter.get(carrier, 'traceparent') ?? '').split('-')
        if (traceId === undefined || spanId === undefined) return at
        return trace.setSpanContext(at, { traceId, spanId, traceFlags: 1, isRemote: true })
      },
    })
    service = await openService({ tracing: { context, propagation, SpanKind, trace } })
  })
  beforeEach(() => exporter.reset())
  afterAll(async () => {
    await service.close()
    trace.disable()
    propagation.disable()
  })
  const spans = (): Record<string, ReadableSpan> =>
    Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]))
  const ms = ([seconds, nanos]: [number, number]): number => 1000 * seconds + nanos / 1e6

  it('have a span a request below that of its caller, and one a stage inside it', async () => {
    const [traceId, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
    const answer = await service.post(SPORT, { userId: 'canary', history: [{ itemId: 'sport-0001' }] }, {
      traceparent: `00-${traceId}-${parent}-01`,
    })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).not.toHaveProperty('timing')
    const { 'POST /recommend': request, ...stages } = spans()
    expect(request).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'http.response.status_code': 200 } })
    expect(request!.parentSpanContext?.spanId).toBe(parent)
    expect(Object.keys(stages).sort()).toEqual(['encode', 'engine', 'history', 'parse', 'rank', 'retrieve'])
    for (const stage of Object.values(stages)) {
      expect(stage.parentSpanContext?.spanId).toBe(request!.spanContext().spanId)
      expect(stage.spanContext().traceId).toBe(traceId)
      expect(ms(stage.endTime)).toBeLessThanOrEqual(ms(request!.endTime) + 1)
      expect(ms(stage.startTime)).toBeGreaterThanOrEqual(ms(request!.startTime) - 1)
    }
    // Nothing of a user in any of them.
    const noted = exporter.getFinishedSpans().map(({ name, attributes, events }) => [name, attributes, events])
    expect(JSON.stringify(noted)).not.toMatch(/canary|sport-0001/)
  })

  it('tell of a text, of a refusal, and of a path of no route', async () => {
    await service.post(SPORT, { profileText: 'tennis cap' })
    expect(Object.keys(spans())).toContain('text')
    exporter.reset()
    await service.post(SPORT, { k: 0 })
    expect(spans()['POST /recommend']?.attributes).toEqual({ 'http.response.status_code': 400 })
    exporter.reset()
    await service.get('/canary')
    expect(Object.keys(spans())).toEqual(['parse', 'GET unmatched'])
  })

  it('leave probes and metrics alone', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) await service.get(path)
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  it('need the API where they are asked for', async () => {
    const absent = async (): Promise<never> => { throw new Error('Cannot find package') }
    const error = await loadTracing(absent).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'config_invalid', place: { field: 'TRACING' } })
    expect(exitStatus(error)).toBe(78)
    expect((await loadTracing()).trace).toBe(trace)
  })
})
