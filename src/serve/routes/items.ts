import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { IsthmusError } from '../../errors.ts'
import type { Engine } from '../../recommend/engine.ts'
import type { Catalogue, PutResult } from '../catalogue.ts'
import { type CheckedItem, checkItem, type ItemRules } from '../check-item.ts'
import { takeItemLines } from '../item-lines.ts'
import { parseJson } from '../json-body.ts'
import type { Metrics } from '../metrics.ts'
import type { NewDomains } from '../new-domains.ts'
import { NDJSON_TYPE, textParser } from '../plugins/body.ts'
import { Refusal } from '../problems.ts'
import {
  IdSchema, ItemAnswerSchema, ItemBatchAnswerSchema, ItemBatchSchema, type ItemBody, ItemLinesAnswerSchema, ItemSchema,
  ItemViewSchema, problems
} from '../schemas.ts'
import { checker } from '../schema-check.ts'

/** An item in JSON; a batch may have this much for each of its items. */
const ITEM_BYTES = 64 * 1024
const MAX_ITEMS = 100

export interface ItemRoutesOptions {
  readonly catalogue: Catalogue
  readonly engine: Pick<Engine, 'domains' | 'embedder'>
  readonly newDomains: () => NewDomains
  readonly metrics: Metrics
  /** Posts in work at once: each may hold the text embedder for long. */
  readonly maxPosts: number
}

/** POST /items (one, many, or a stream of lines), GET and DELETE /items/{itemId}. */
export const itemRoutes: FastifyPluginAsyncTypebox<ItemRoutesOptions> = async (app, options) => {
  const { catalogue, engine, newDomains, metrics, maxPosts } = options
  const rules: ItemRules = {
    get domains () { return engine.domains },
    get newDomains () { return newDomains() },
    get embedder () { return engine.embedder },
  }
  const isItem = checker<ItemBody>(ItemSchema)
  const isBatch = checker<{ items: ItemBody[] }>(ItemBatchSchema)
  const params = Type.Object({ itemId: IdSchema }, { additionalProperties: false })

  const put = async (items: readonly CheckedItem[]): Promise<PutResult[]> => {
    const stop = metrics.storeCommit.startTimer({ kind: 'item' })
    const results = await catalogue.put(items)
    stop()
    metrics.storeAcked.inc({ kind: 'item' }, results.length)
    return results
  }

  await app.register(async (posts) => {
    posts.removeContentTypeParser('application/json')
    posts.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_ITEMS * ITEM_BYTES }, async (
      request: FastifyRequest, bytes: Buffer
    ): Promise<unknown> => {
      const body = parseJson(bytes, textParser(app, request))
      const count = isBatchShaped(body) && Array.isArray(body.items) ? body.items.length : 1
      if (bytes.length > ITEM_BYTES * Math.max(1, count)) throw new IsthmusError('body_too_large', 'items too large')
      return body
    })
    // Lines are read as they come: the stream itself is the body.
    posts.addContentTypeParser('application/x-ndjson', async (_request: unknown, lines: Readable) => lines)

    posts.post('/items', {
      schema: {
        operationId: 'putItems',
        summary: 'Items that came after the model, by text or by embedding; the next answer may hold them',
        description: 'One item, up to 100 (all or none), or a stream of lines, each at most 64 KiB. An item of a domain ' +
          'that the model does not have opens it where the service allows that and the model can: `newDomains` of ' +
          '`/health` says so.',
        tags: ['Items'],
        response: {
          200: {
            description: 'Nothing new: the same again, or a new version; of a stream, how many were taken.',
            content: json({ anyOf: [ItemAnswerSchema, ItemBatchAnswerSchema, ItemLinesAnswerSchema] }),
          },
          201: {
            description: 'At least one item is new.',
            content: json({ anyOf: [ItemAnswerSchema, ItemBatchAnswerSchema] }),
          },
          ...problems(409),
        },
      },
      config: {
        scope: 'write',
        costly: true,
        maxInFlight: maxPosts,
        documentedBody: {
          'application/json': { anyOf: [ItemSchema, ItemBatchSchema] }, 'application/x-ndjson': Type.String(),
        },
      },
      bodyLimit: MAX_ITEMS * ITEM_BYTES,
      handlerTimeout: 600_000,
    }, async (request, reply) => {
      const { body, headers } = request
      if (NDJSON_TYPE.test(headers['content-type'] ?? '')) {
        return await takeItemLines(body as Readable, {
          parse: textParser(app, request), isItem, put, rules,
        })
      }
      const many = isBatchShaped(body)
      const faults = many ? isBatch.fault(body) : isItem.fault(body)
      if (faults !== undefined) throw new Refusal('validation_failed', faults)
      const results = await put(many
        ? (body as { items: ItemBody[] }).items.map((item, i) => checkItem(item, rules, `/items/${i}`))
        : [checkItem(body as ItemBody, rules)])
      reply.code(results.some(({ change }) => change === 'new') ? 201 : 200)
      const answers = results.map(({ itemId, domain, state }) => ({ itemId, domain, state }))
      return many ? { items: answers } : answers[0]!
    })
  })

  app.get('/items/:itemId', {
    schema: {
      operationId: 'getItem',
      summary: 'An item as the catalogue knows it',
      tags: ['Items'],
      params,
      response: { 200: ItemViewSchema, ...problems(404) },
    },
    config: { scope: 'read' },
  }, async ({ params: { itemId } }) => {
    const item = await catalogue.get(itemId)
    if (item === undefined) throw new Refusal('not_found')
    const { categories, features, ...fields } = item
    return {
      ...fields,
      ...(categories === undefined ? {} : { categories: [...categories] }),
      ...(features === undefined ? {} : { features: [...features] }),
    }
  })

  app.delete('/items/:itemId', {
    schema: {
      operationId: 'deleteItem',
      summary: 'Takes an item out of all later answers',
      tags: ['Items'],
      params,
      response: { 204: Type.Null({ description: 'Deleted.' }), ...problems(404) },
    },
    config: { scope: 'write' },
  }, async ({ params: { itemId } }, reply) => {
    if (!await catalogue.remove(itemId)) throw new Refusal('not_found')
    return await reply.code(204).send(null)
  })
}

function isBatchShaped (body: unknown): body is { readonly items: unknown } {
  return typeof body === 'object' && body !== null && 'items' in body
}

function json<T> (schema: T): { 'application/json': { schema: T } } {
  return { 'application/json': { schema } }
}
