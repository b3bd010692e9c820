import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { openBundle } from '../../src/bundle/open.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import type { Engine } from '../../src/recommend/engine.ts'
import { createModelPool } from '../../src/recommend/model-pool.ts'
import { readPopular } from '../../src/recommend/popular.ts'
import { type App, type AppDeps, buildApp } from '../../src/serve/app.ts'
import type { ItemModel } from '../../src/serve/item-models.ts'
import { domainBringer } from '../../src/serve/new-domains.ts'
import { replayItems } from '../../src/serve/replay.ts'
import type { LoadedModel } from '../../src/serve/models/open-model.ts'
import { type MemoryStore, memoryStore } from '../support/memory-store.ts'
import { hashWords, type TinyBundle, type TinyBundleOptions, writeTinyBundle } from '../support/tiny-bundle.ts'

/** The present of the tests, unix milliseconds. */
export const NOW = 1_760_000_000_000

export interface Service extends App {
  readonly tiny: TinyBundle
  readonly engine: Engine
  readonly store: MemoryStore
  post: (url: string, body: unknown, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
  get: (url: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
  delete: (url: string) => Promise<LightMyRequestResponse>
  inject: (request: InjectOptions) => Promise<LightMyRequestResponse>
  close: () => Promise<void>
}

/** An embedder for the tiny bundle: texts that share words are near. */
export const tinyEmbedder = {
  async embed (texts: readonly string[]): Promise<Float32Array> {
    const rows = new Float32Array(texts.length * 384)
    for (const [i, text] of texts.entries()) {
      rows.set(hashWords(text, 384), i * 384)
      // A real encoder gives every text a direction, one without words too.
      rows[i * 384]! += 0.1
    }
    return rows
  },
}

/** The whole service in this process: a real engine on a tiny bundle, a store in memory, nothing listening. */
export async function openService (
  deps: Partial<AppDeps> & Partial<Pick<ItemModel, 'embedder' | 'itemText'>> & {
    readonly wrapEngine?: (engine: Engine) => Engine
    readonly bundle?: TinyBundleOptions
    readonly store?: MemoryStore
  } = {}
): Promise<Service> {
  const tiny = await writeTinyBundle(deps.bundle)
  const opened = await openEngine(await openBundle(tiny.root), { provider: 'cpu', chart: true })
  const engine = deps.wrapEngine?.(opened) ?? opened
  const store = deps.store ?? memoryStore()
  const { pending } = await replayItems(store, engine, domainBringer(deps.openDomains === true), { warn: () => {} })
  const app = await buildApp({
    version: '0.0.0',
    models: createModelPool<LoadedModel>([{
      model: {
        engine,
        popular: await readPopular(engine),
        embedder: deps.embedder ?? tinyEmbedder,
        itemText: deps.itemText ?? ((_domain, { title = '' }) => title),
        pending,
        warm: async () => {},
        seed: async () => {},
        close: async () => await engine.close(),
      },
      weight: 1,
    }]),
    store,
    now: () => NOW,
    limits: { requestTimeoutMs: 5000 },
    ...deps,
  })
  const { server } = app
  return {
    ...app,
    tiny,
    engine,
    store,
    inject: async (request) => await server.inject(request),
    get: async (url, headers = {}) => await server.inject({ url, headers }),
    delete: async (url) => await server.inject({ method: 'DELETE', url }),
    post: async (url, body, headers = {}) => await server.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    }),
    async close () {
      await server.close()
      await opened.close()
      await tiny.close()
    },
  }
}
