import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { EventsResult, TakeEvents } from '../event-journal.ts'
import type { Metrics } from '../metrics.ts'
import { Refusal } from '../problems.ts'
import { EventBatchSchema, type EventBody, EventSchema, EventsAnswerSchema, problems } from '../schemas.ts'
import { checker } from '../schema-check.ts'

const MAX_EVENTS = 1000

export interface EventRoutesOptions {
  readonly takeEvents: TakeEvents
  readonly metrics: Metrics
}

/**
 * POST /events: one event, or up to 1,000. What is wrong with one event of a batch refuses that event alone; where
 * nothing at all was taken the answer is a 400 that says why, event by event.
 */
export const eventRoutes: FastifyPluginAsyncTypebox<EventRoutesOptions> = async (app, { takeEvents, metrics }) => {
  const isEvent = checker<EventBody>(EventSchema)

  const take = async (events: ReadonlyArray<EventBody | undefined>): Promise<EventsResult> => {
    const stop = metrics.storeCommit.startTimer({ kind: 'event' })
    const result = await takeEvents(events)
    stop()
    metrics.storeAcked.inc({ kind: 'event' }, result.accepted)
    metrics.unknownItems.inc(result.unknownItems)
    for (const { code } of result.rejected) metrics.eventsRejected.inc({ code })
    return result
  }

  app.post('/events', {
    schema: {
      operationId: 'postEvents',
      summary: 'What users did; the next recommendation of that user sees it',
      tags: ['Events'],
      response: { 202: EventsAnswerSchema, ...problems() },
    },
    config: { scope: 'write', documentedBody: { 'application/json': { anyOf: [EventSchema, EventBatchSchema] } } },
    bodyLimit: 1024 * 1024,
    handlerTimeout: 5000,
  }, async ({ body }, reply) => {
    const batch = toBatch(body)
    if (batch === undefined) {
      const fault = isEvent.fault(body)
      if (fault !== undefined) throw new Refusal('validation_failed', fault)
    }
    const result = await take((batch ?? [body]).map((event) => isEvent.passes(event) ? event : undefined))
    if (result.accepted + result.duplicates === 0) {
      throw new Refusal('validation_failed', result.rejected.map(({ index, code }) =>
        ({ pointer: batch === undefined ? '' : `/events/${index}`, rule: code })))
    }
    return await reply.code(202).send({ ...result, rejected: [...result.rejected] })
  })
}

/** The events of a batch, each still to be checked; undefined where the body is not a batch. */
function toBatch (body: unknown): readonly unknown[] | undefined {
  if (typeof body !== 'object' || body === null || !('events' in body)) return undefined
  const refuse = (rule: string): never => {
    throw new Refusal('validation_failed', [{ pointer: '/events', rule }])
  }
  const { events, ...rest } = body
  if (Object.keys(rest).length > 0) throw new Refusal('validation_failed', [{ pointer: '', rule: 'additionalProperties' }])
  if (!Array.isArray(events)) return refuse('type')
  if (events.length === 0) return refuse('minItems')
  return events.length > MAX_EVENTS ? refuse('maxItems') : events
}
