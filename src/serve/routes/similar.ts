import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Lease } from '../../recommend/model-pool.ts'
import { Refusal } from '../problems.ts'
import { DomainSchema, IdSchema, problems, SimilarAnswerSchema } from '../schemas.ts'

export interface SimilarRoutesOptions {
  /** The model that answers. */
  readonly take: () => Lease
}

/** GET /items/{itemId}/similar: nearest items by what all domains share, also in another domain. */
export const similarRoutes: FastifyPluginAsyncTypebox<SimilarRoutesOptions> = async (app, { take }) => {
  app.get('/items/:itemId/similar', {
    schema: {
      operationId: 'similarItems',
      summary: 'Items nearest to one item, in its own or in another domain',
      tags: ['Items'],
      params: Type.Object({ itemId: IdSchema }, { additionalProperties: false }),
      querystring: Type.Object({
        domain: Type.Optional(DomainSchema),
        k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'How many items; 10 unless told.' })),
      }, { additionalProperties: false }),
      response: { 200: SimilarAnswerSchema, ...problems(404, 504) },
    },
    config: { scope: 'read' },
    // A query is text: only what reads as a whole number becomes one, and nothing else is ever coerced.
    preValidation: async ({ query }) => {
      if (typeof query.k === 'string' && /^[0-9]{1,3}$/.test(query.k)) query.k = Number(query.k)
    },
  }, async ({ id, params: { itemId }, query: { domain, k = 10 } }) => {
    const { model: { engine }, release } = take()
    try {
      if (domain !== undefined && !engine.domains.includes(domain)) {
        throw new Refusal('unknown_domain', [{ pointer: '/querystring/domain', rule: 'unknown_domain' }])
      }
      const own = await engine.describe(itemId)
      const items = await engine.similar({ itemId, k, ...(domain === undefined ? {} : { domain }) })
      if (own === undefined || items === undefined) throw new Refusal('not_found')
      return { requestId: id, itemId, domain: domain ?? own.domain, model: engine.model, items }
    } finally {
      release()
    }
  })
}
