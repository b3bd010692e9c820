import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { IsthmusError } from '../../errors.ts'
import { STORED_LIMIT } from '../../recommend/recommend.ts'
import type { HistoryStore } from '../../state/stores.ts'
import { Refusal } from '../problems.ts'
import { IdSchema, problems, UserSchema } from '../schemas.ts'

export interface UserRoutesOptions {
  readonly store: Pick<HistoryStore, 'history' | 'erase'>
}

/** GET /users/{userId}: what is stored of a user. DELETE: forgets it for good. */
export const userRoutes: FastifyPluginAsyncTypebox<UserRoutesOptions> = async (app, { store }) => {
  const params = Type.Object({ userId: IdSchema }, { additionalProperties: false })

  app.get('/users/:userId', {
    schema: {
      operationId: 'getUser',
      summary: 'The stored history of a user',
      tags: ['Users'],
      params,
      response: { 200: UserSchema, ...problems(404) },
    },
    config: { scope: 'read' },
  }, async ({ params: { userId } }, reply) => {
    const { entries, degradedReasons } = await store.history(userId, STORED_LIMIT)
    const degraded = degradedReasons.length > 0
    if (entries.length === 0 && degraded) throw new IsthmusError('store_unavailable', 'nothing of this user is kept here')
    if (entries.length === 0) throw new Refusal('not_found')
    reply.header('cache-control', 'no-store')
    return { userId, history: [...entries], degraded, degradedReasons: [...degradedReasons] }
  })

  app.delete('/users/:userId', {
    schema: {
      operationId: 'eraseUser',
      summary: 'Erases a user; seeds and imports do not bring it back, an event that comes later opens a fresh history',
      tags: ['Users'],
      params,
      response: { 204: Type.Null({ description: 'Erased, or never known.' }), ...problems() },
    },
    config: { scope: 'write' },
  }, async ({ params: { userId } }, reply) => {
    await store.erase(userId)
    return await reply.code(204).send(null)
  })
}
