import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { EventsResult, TakeEvents } from '../event-journal.ts'
import { takeEventLines } from '../event-lines.ts'
import type { Metrics } from '../metrics.ts'
import { NDJSON_TYPE, textParser } from '../plugins/body.ts'
import { Refusal } from '../problems.ts'
import {
  EventBatchSchema, type EventBody, EventLinesAnswerSchema, EventSchema, EventsAnswerSchema, problems
} from '../schemas.ts'
import { checker } from '../schema-check.ts'

const MAX_EVENTS = 1000

export interface EventRoutesOptions {
  readonly takeEvents: TakeEvents
  readonly metrics: Metrics
}

/**
 * POST /events: one event, up to 1,000, or a stream of lines. What is wrong with one event of a batch refuses that
 * event alone; where nothing at all of it was taken the answer is a 400 that says why, event by event.
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

  await app.register(async (posts) => {
    // Lines are read as they come: the stream itself is the body.
    posts.addContentTypeParser('application/x-ndjson', async (_request: unknown, lines: Readable) => lines)

    posts.post('/events', {
      schema: {
        operationId: 'postEvents',
        summary: 'What users did; the next recommendation of that user sees it',
        description: 'One event, up to 1,000, or a stream of lines, each at most 64 KiB. What is wrong with one is ' +
          'named, by index or by line, and the others are taken.',
        tags: ['Events'],
        response: {
          200: {
            description: 'Of a stream, what was taken.',
            content: { 'application/json': { schema: EventLinesAnswerSchema } },
          },
          202: EventsAnswerSchema,
          ...problems(),
        },
      },
      config: {
        scope: 'write',
        documentedBody: {
          'application/json': { anyOf: [EventSchema, EventBatchSchema] }, 'application/x-ndjson': Type.String(),
        },
      },
      bodyLimit: 1024 * 1024,
      handlerTimeout: 600_000,
    }, async (request, reply) => {
      const { body, headers } = request
      if (NDJSON_TYPE.test(headers['content-type'] ?? '')) {
        const parse = textParser(app, request)
        return await reply.code(200).send(await takeEventLines(body as Readable, { parse, isEvent, take }))
      }
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
