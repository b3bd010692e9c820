import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { packageRoot } from '../../paths.ts'

const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
] as const

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** GET /: a page to try the service with, its script and its style; three files of public/, read once. */
export const page: FastifyPluginAsyncTypebox = async (app) => {
  for (const [url, file, type] of FILES) {
    const text = await readFile(join(packageRoot, 'public', file), 'utf8')
    app.get(url, { schema: { hide: true }, config: { scope: 'open' } }, async (_request, reply) => {
      reply.headers({
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      })
      return await reply.type(type).send(text)
    })
  }
}
