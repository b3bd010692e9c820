import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Engine } from '../../recommend/engine.ts'
import type { Recommend, Recommendation, RecommendTerms } from '../../recommend/recommend.ts'
import type { Metrics } from '../metrics.ts'
import { Refusal } from '../problems.ts'
import {
  DomainSchema, problems, RecommendAnswerSchema, RecommendBatchAnswerSchema, RecommendBatchBodySchema,
  RecommendBodySchema
} from '../schemas.ts'

export interface RecommendRoutesOptions {
  readonly recommend: Recommend
  readonly engine: Pick<Engine, 'domains'>
  readonly metrics: Metrics
}

/** POST /recommend and POST /recommend/batch: what a shopper may want next, one shopper or many. */
export const recommendRoutes: FastifyPluginAsyncTypebox<RecommendRoutesOptions> = async (app, options) => {
  const { recommend, engine, metrics } = options

  const checkDomain = (domain: string, pointer: string): void => {
    if (!engine.domains.includes(domain)) throw new Refusal('unknown_domain', [{ pointer, rule: 'unknown_domain' }])
  }
  const answer = (requestId: string, { degradedReasons, ...found }: Recommendation) => {
    const { domain, basis, model: { variant = 'none' } } = found
    metrics.recommendations.inc({ domain, basis, variant })
    for (const reason of degradedReasons) metrics.degraded.inc({ reason })
    if (degradedReasons.includes('engine_timeout')) metrics.deadlineExpired.inc({ stage: 'engine' })
    return {
      requestId,
      ...found,
      items: [...found.items],
      degraded: degradedReasons.length > 0,
      degradedReasons: [...degradedReasons],
    }
  }

  app.post('/recommend', {
    schema: {
      operationId: 'recommend',
      summary: 'Top-k next items for a user, a session, both, a text, or nobody',
      tags: ['Recommend'],
      querystring: Type.Object({ domain: DomainSchema }, { additionalProperties: false }),
      body: RecommendBodySchema,
      response: { 200: RecommendAnswerSchema, ...problems() },
    },
    config: { scope: 'read', meetsDeadline: true, degrades: true },
  }, async (request, reply) => {
    const { domain } = request.query
    checkDomain(domain, '/querystring/domain')
    const [found] = await recommend([{ domain, ...request.body }], termsOf(request, reply))
    reply.header('cache-control', 'no-store')
    const { degradedReasons } = found!
    if (degradedReasons.length > 0) reply.header('x-degraded', degradedReasons.join(','))
    return answer(request.id, found!)
  })

  app.post('/recommend/batch', {
    schema: {
      operationId: 'recommendBatch',
      summary: 'Up to 256 recommendations in one call, one encoder run',
      tags: ['Recommend'],
      body: RecommendBatchBodySchema,
      response: { 200: RecommendBatchAnswerSchema, ...problems() },
    },
    bodyLimit: 4 * 1024 * 1024,
    config: { scope: 'read', meetsDeadline: true, degrades: true },
  }, async (request, reply) => {
    const { requests } = request.body
    for (const [i, { domain }] of requests.entries()) checkDomain(domain, `/requests/${i}/domain`)
    const found = await recommend(requests, termsOf(request, reply))
    reply.header('cache-control', 'no-store')
    return { requestId: request.id, results: found.map((one) => answer(request.id, one)) }
  })
}

/** Until when the caller wants its answer, whether it still does, and whether it may cost anything. */
function termsOf (
  { deadline, overloaded, onStage }: Pick<FastifyRequest, 'deadline' | 'overloaded' | 'onStage'>,
  { raw }: Pick<FastifyReply, 'raw'>
): RecommendTerms {
  return { deadline, overloaded, gone: () => raw.destroyed, ...(onStage === undefined ? {} : { onStage }) }
}
