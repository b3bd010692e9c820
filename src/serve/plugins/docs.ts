import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { KEY_HEADER } from './access.ts'

const SECURITY = ['bearer', 'apiKey'] as const

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bodies as the document shows them, where a route checks them in steps of its own; by content type. */
    readonly documentedBody?: Readonly<Record<string, TSchema>>
  }
}

/** /openapi.json from the routes' schemas, and /docs to read it in a browser. Registered before all routes. */
export const docs = fp(async (app: FastifyInstance, { version }: { readonly version: string }) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Isthmus',
        version,
        description: 'Next-item recommendations across product domains. Every error is an RFC 9457 problem with a stable `code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          apiKey: { type: 'apiKey', in: 'header', name: KEY_HEADER },
        },
      },
      tags: [
        { name: 'Recommend', description: 'What a shopper may want next' },
        { name: 'Items', description: 'The catalogue, and items that came after the model' },
        { name: 'Events', description: 'What users did' },
        { name: 'Users', description: 'Histories, and their erasure' },
        { name: 'Playground', description: 'What the page at / asks for; absent with PLAYGROUND=0' },
        { name: 'Operations', description: 'Probes and metrics' },
      ],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => typeof json.$id === 'string' ? json.$id : `def-${i}` },
    transform: ({ schema, url, route }) => {
      const { documentedBody: bodies, scope = 'admin' } = route.config ?? {}
      const secured = scope === 'open' ? schema : { ...schema, security: SECURITY.map((name) => ({ [name]: [scope] })) }
      if (bodies === undefined) return { schema: secured, url }
      const content = Object.fromEntries(Object.entries(bodies).map(([type, body]) => [type, { schema: body }]))
      return { schema: { ...secured, body: { content } }, url }
    },
  })
  await app.register(async (pages) => {
    // The plugin's routes cannot name it themselves.
    pages.addHook('onRoute', (route) => { route.config = { ...route.config, scope: 'open' } })
    await pages.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  })
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'open', unguarded: true } }, async () => app.swagger())
}, { name: 'docs' })
