import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { IsthmusError } from '../../errors.ts'
import { parseJson } from '../json-body.ts'

const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?;?$/i
export const NDJSON_TYPE = /^application\/x-ndjson\s*(;\s*charset="?utf-8"?\s*)?;?$/i

/**
 * What a request may send: JSON in UTF-8, not compressed, at most 32 levels deep. Everything else is refused by name
 * before it is parsed. A route that takes lines of JSON adds that parser in its own scope.
 */
export const body = fp(async (app: FastifyInstance) => {
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (
    request: FastifyRequest, bytes: Buffer
  ): Promise<unknown> => parseJson(bytes, textParser(app, request)))

  app.addHook('onRequest', async (request) => {
    const { 'content-encoding': encoding, 'content-type': type } = request.headers
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      throw new IsthmusError('unsupported_encoding', 'compressed bodies are not taken')
    }
    if (type !== undefined && hasBody(request) && !JSON_TYPE.test(type) && !NDJSON_TYPE.test(type)) {
      throw new IsthmusError('unsupported_media_type', 'neither JSON nor lines of JSON')
    }
  })

  app.addHook('preValidation', async ({ body, routeOptions }) => {
    if (body === undefined && routeOptions.schema?.body !== undefined) {
      throw new IsthmusError('empty_body', 'the route needs a body')
    }
  })
}, { name: 'body' })

/** JSON.parse that refuses `__proto__` and `constructor.prototype` keys. */
export function textParser (app: FastifyInstance, request: FastifyRequest): (text: string) => unknown {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (text) => {
    let parsed: unknown
    parse(request, text, (error, value) => {
      if (error !== null) throw error
      parsed = value
    })
    return parsed
  }
}

function hasBody ({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
