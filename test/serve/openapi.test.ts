import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openapiText } from '../../src/serve/openapi-file.ts'

interface Operation { readonly operationId?: string, readonly responses: Record<string, unknown> }
interface Document { readonly openapi: string, readonly paths: Record<string, Record<string, Operation>> }

describe('the API document', () => {
  it('that is committed is the one that the code makes', async () => {
    const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
    expect(committed === await openapiText(), 'run npm run openapi').toBe(true)
  })

  it('holds every route, each with a name and its problems', async () => {
    const { openapi, paths } = JSON.parse(await openapiText()) as Document
    expect(openapi).toBe('3.1.0')
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).filter(([method]) => method !== 'head').map(([method, operation]) => ({ path, method, operation })))
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual([
      'delete /items/{itemId}', 'delete /users/{userId}', 'get /chart', 'get /health', 'get /health/live',
      'get /health/ready', 'get /items', 'get /items/{itemId}', 'get /items/{itemId}/similar', 'get /metrics',
      'get /models', 'get /playground', 'get /users/{userId}', 'post /chart', 'post /events', 'post /items',
      'post /models/activate', 'post /models/rollback', 'post /recommend', 'post /recommend/batch',
    ])
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/)
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '500', '503']))
    }
  })
})
