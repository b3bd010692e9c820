import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { packageRoot } from '../../paths.ts'

const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' } as const

const SCRIPTS = ['main', 'added', 'answers', 'api', 'chart', 'dom', 'search', 'session', 'why']
const FILES: ReadonlyArray<readonly [url: string, file: string, type: keyof typeof TYPES]> = [
  ['/', 'index.html', 'html'],
  ['/page.css', 'page.css', 'css'],
  ['/icon.svg', 'icon.svg', 'svg'],
  ...SCRIPTS.map((name) => [`/page/${name}.js`, `page/${name}.js`, 'js'] as const),
]

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

/** GET /: a page to try the service with, its scripts and its style; files of public/, read once, and no others. */
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
      return await reply.type(`${TYPES[type]}; charset=utf-8`).send(text)
    })
  }
}
