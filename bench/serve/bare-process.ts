import type { AddressInfo } from 'node:net'
import { Type, type Static } from 'typebox'
import Fastify from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { DomainSchema, RecommendAnswerSchema, RecommendBodySchema } from '../../src/serve/schemas.ts'
import { answerParent } from '../child.ts'

/** The answer to give to everyone. */
export interface BareQuestion { readonly answer: object }

const server = Fastify().withTypeProvider<TypeBoxTypeProvider>()
let fixed: Static<typeof RecommendAnswerSchema> | undefined

// The service's route without the service: its schemas in and out, an answer of its size, and nothing behind it.
server.post('/recommend', {
  schema: {
    querystring: Type.Object({ domain: DomainSchema }, { additionalProperties: false }),
    body: RecommendBodySchema,
    response: { 200: RecommendAnswerSchema },
  },
}, async () => fixed!)

answerParent(async ({ answer }: BareQuestion): Promise<number> => {
  fixed = answer as Static<typeof RecommendAnswerSchema>
  await server.listen({ host: '127.0.0.1', port: 0 })
  return (server.server.address() as AddressInfo).port
}, async () => await server.close())
