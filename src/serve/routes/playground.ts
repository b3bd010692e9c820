import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Engine } from '../../recommend/engine.ts'
import { Refusal } from '../problems.ts'
import {
  ChartSchema, DomainSchema, IdSchema, PlaygroundSchema, problems, SearchAnswerSchema
} from '../schemas.ts'

export interface PlaygroundRoutesOptions {
  readonly engine: Pick<Engine, 'domains' | 'about' | 'model' | 'search' | 'chart'>
  /** Whether somebody without a key may change things: on loopback alone, where there are no keys at all. */
  readonly writesWithoutKey: boolean
}

const tags = ['Playground']
const closed = { additionalProperties: false } as const

/** What the page of GET / asks for beside the rest of the API: its caller's rights, a search of titles, a chart. */
export const playgroundRoutes: FastifyPluginAsyncTypebox<PlaygroundRoutesOptions> = async (app, options) => {
  const { engine, writesWithoutKey } = options
  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'no-store') })

  app.get('/playground', {
    schema: {
      operationId: 'playground',
      summary: 'What the page may offer to this caller',
      tags,
      response: { 200: PlaygroundSchema, ...problems() },
    },
    config: { scope: 'read' },
  }, async (request) => {
    const { system, generated, threads } = engine.about
    return {
      model: engine.model,
      system,
      generated,
      threads: [...threads],
      domains: [...engine.domains],
      mayWrite: request.apiKey === undefined ? writesWithoutKey : request.may('write'),
    }
  })

  app.get('/items', {
    schema: {
      operationId: 'searchItems',
      summary: 'Items of a domain whose title or id holds every word',
      description: 'A call reads a bounded part of the catalogue: where `next` is given, ask again from there.',
      tags,
      querystring: Type.Object({
        domain: DomainSchema,
        query: Type.String({
          maxLength: 100, pattern: '^\\s*\\S+(\\s+\\S+){0,7}\\s*$', description: 'One to eight words, or parts of some.',
        }),
        k: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'How many items at most; 10 unless told.' })),
        from: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'The `next` of the call before.' })),
      }, closed),
      response: { 200: SearchAnswerSchema, ...problems(504) },
    },
    config: { scope: 'read' },
    // A query is text: only what reads as a whole number becomes one, and nothing else is ever coerced.
    preValidation: async ({ query }) => {
      if (typeof query.k === 'string' && /^[0-9]{1,3}$/.test(query.k)) query.k = Number(query.k)
      if (typeof query.from === 'string' && /^[0-9]{1,10}$/.test(query.from)) query.from = Number(query.from)
    },
  }, async ({ id, query: { domain, query, k = 10, from = 0 } }) => {
    if (!engine.domains.includes(domain)) {
      throw new Refusal('unknown_domain', [{ pointer: '/querystring/domain', rule: 'unknown_domain' }])
    }
    return { requestId: id, domain, ...await engine.search({ domain, words: query.trim().split(/\s+/), k, from }) }
  })

  app.get('/chart', {
    schema: {
      operationId: 'chart',
      summary: 'Up to 3,000 items on a flat chart of what all domains share',
      tags,
      response: { 200: ChartSchema, ...problems(404, 504) },
    },
    config: { scope: 'read' },
  }, async ({ id }) => await chart(id))

  app.post('/chart', {
    schema: {
      operationId: 'placeItems',
      summary: 'Where some items lie on that chart; unknown ones are left out',
      tags,
      body: Type.Object({ itemIds: Type.Array(IdSchema, { minItems: 1, maxItems: 500 }) }, closed),
      response: { 200: ChartSchema, ...problems(404, 504) },
    },
    config: { scope: 'read' },
  }, async ({ id, body: { itemIds } }) => await chart(id, itemIds))

  const chart = async (requestId: string, itemIds?: readonly string[]) => {
    const found = await engine.chart(itemIds)
    if (found === undefined) throw new Refusal('not_found')
    return { requestId, ...found }
  }
}
