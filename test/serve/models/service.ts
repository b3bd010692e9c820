import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LightMyRequestResponse } from 'fastify'
import { CURRENT_FILE } from '../../../src/bundle/pointer.ts'
import { PREVIOUS_FILE } from '../../../src/bundle/selection.ts'
import { openBundle } from '../../../src/bundle/open.ts'
import { openEngine } from '../../../src/recommend/engine-core.ts'
import { createModelPool, type ModelPool } from '../../../src/recommend/model-pool.ts'
import { readPopular } from '../../../src/recommend/popular.ts'
import { type App, type AppDeps, buildApp } from '../../../src/serve/app.ts'
import type { LoadedModel } from '../../../src/serve/models/open-model.ts'
import { domainBringer } from '../../../src/serve/new-domains.ts'
import { replayItems } from '../../../src/serve/replay.ts'
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts'
import { type TinyBundle, type TinyBundleOptions, writeTinyBundle } from '../../support/tiny-bundle.ts'
import { NOW, tinyEmbedder } from '../service.ts'

export interface ModelsService extends App {
  readonly root: string
  readonly pool: ModelPool<LoadedModel>
  readonly store: MemoryStore
  /** Versions below the root, the oldest first; the first one is current when the service starts. */
  readonly versions: readonly TinyBundle[]
  /** What is done while a version is loaded, after its engine has what was stored before. */
  whileLoading: (task: (() => Promise<void>) | undefined) => void
  /** Versions whose engines have been closed. */
  readonly closed: readonly string[]
  /** Texts embedded for a version, by the id of its embedder. */
  readonly embedded: ReadonlyMap<string, readonly string[]>
  post: (url: string, body?: object) => Promise<LightMyRequestResponse>
  get: (url: string) => Promise<LightMyRequestResponse>
  close: () => Promise<void>
}

export interface ModelsServiceOptions {
  /** Ids of the embedders of the versions; two of one id unless told. */
  readonly embedders?: readonly string[]
  readonly failingEmbedder?: string
  /** What the versions are besides; two that are nothing else unless told. */
  readonly bundles?: readonly TinyBundleOptions[]
  readonly deps?: Partial<AppDeps>
}

const HOUR = 3_600_000

/** The service with several versions of a tiny bundle below one root, all in this process. */
export async function openModelsService (options: ModelsServiceOptions = {}): Promise<ModelsService> {
  const { bundles = [], failingEmbedder } = options
  const { embedders = Array<string>(bundles.length || 2).fill('hash/384') } = options
  const root = await mkdtemp(join(tmpdir(), 'isthmus-models-'))
  const versions: TinyBundle[] = []
  for (const [i, id] of embedders.entries()) {
    const embedder = { id, width: 384 }
    versions.push(await writeTinyBundle({
      root, embedder, now: NOW + i * HOUR, seed: 7 + i, itemsPerDomain: 20, ...bundles[i],
    }))
  }
  await writeFile(join(root, CURRENT_FILE), `${versions[0]!.manifest.version}\n`)
  await rm(join(root, PREVIOUS_FILE))
  const store = memoryStore()
  const closed: string[] = []
  const embedded = new Map<string, string[]>()
  let task: (() => Promise<void>) | undefined

  const open = async (dir: string): Promise<LoadedModel> => {
    const engine = await openEngine(await openBundle(dir), { provider: 'cpu' })
    const { id } = engine.embedder
    const popular = await readPopular(engine)
    const bring = domainBringer(options.deps?.openDomains === true)
    const { pending } = await replayItems(store, engine, bring, { warn: () => {} })
    await task?.()
    return {
      engine,
      popular,
      embedder: {
        async embed (texts) {
          if (id === failingEmbedder) throw new Error('broken on purpose')
          embedded.set(id, [...embedded.get(id) ?? [], ...texts])
          return await tinyEmbedder.embed(texts)
        },
      },
      itemText: (_domain, { title = '' }) => title,
      pending,
      warm: async () => {},
      seed: async () => {},
      async close () {
        closed.push(engine.model.version)
        await engine.close()
      },
    }
  }

  const pool = createModelPool([{ model: await open(versions[0]!.dir), weight: 1 }])
  const app = await buildApp({
    version: '0.0.0',
    models: pool,
    versions: { root, open, tryVersion: async (dir) => { await openBundle(dir) } },
    store,
    now: () => NOW,
    limits: { requestTimeoutMs: 5000 },
    ...options.deps,
  })
  const { server, life } = app
  return {
    ...app,
    pool,
    root,
    store,
    versions,
    closed,
    embedded,
    whileLoading: (next) => { task = next },
    get: async (url) => await server.inject({ url }),
    post: async (url, payload) => await server.inject({ method: 'POST', url, ...(payload === undefined ? {} : { payload }) }),
    async close () {
      await server.close()
      await life.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
