import type { FastifyBaseLogger } from 'fastify'
import { type Bundle, openBundle } from '../../bundle/open.ts'
import { itemText, promptOf } from '../../llm/item-prompt.ts'
import { engineClient, type EngineClientOptions } from '../../recommend/engine-client.ts'
import { type PopularList, readPopular } from '../../recommend/popular.ts'
import type { Engine } from '../../recommend/engine.ts'
import { createPauses, type Pause } from '../../recommend/pauses.ts'
import type { Store } from '../../state/stores.ts'
import { historiesOf } from '../bundle-facts.ts'
import type { ItemModel } from '../item-models.ts'
import type { BringDomain } from '../new-domains.ts'
import { replayItems } from '../replay.ts'
import type { EmbedderShelf } from './embedder-shelf.ts'

/** A model that can be put among those that answer, and taken away again. */
export interface LoadedModel extends ItemModel {
  /** Stored items that wait for their text embedding. */
  readonly pending: readonly string[]
  /** Asks the engine its first questions: the first callers must not wait while memory is taken and code compiled. */
  warm: () => Promise<void>
  /** Brings the histories of the bundle into the store, once a bundle; a stopped call goes on where it was. */
  seed: (signal: AbortSignal) => Promise<void>
  close: () => Promise<void>
}

/** A bundle with an engine worker that holds it, brought up to what the store held when it was opened. */
export interface OpenedModel extends LoadedModel {
  readonly bundle: Bundle
  /** What an operator should know is absent, a line each; grows when a restarted worker finds less. */
  readonly missing: ReadonlySet<string>
}

export interface OpenModelDeps {
  readonly store: Pick<Store, 'changes' | 'seed'>
  readonly embedders: EmbedderShelf
  /** Makes sure that an engine has the domains of what is stored. */
  readonly bring: BringDomain
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  readonly engine: Pick<
    EngineClientOptions,
    'provider' | 'retrieval' | 'cluster' | 'userCache' | 'chart' | 'maxWaiting' | 'gently' | 'lowered' |
    'onBatch' | 'onSent' | 'onDrop'
  >
  /** Told when a model's worker died, and when it answers again. */
  readonly onState: (version: string, state: 'ready' | 'down') => void
}

/**
 * Opens a bundle for answering; the worker hashes its files, this thread has requests to answer. Whatever was opened is
 * closed again where a later step fails.
 */
export async function openModel (path: string, deps: OpenModelDeps): Promise<OpenedModel> {
  const { store, embedders, log } = deps
  const bundle = await openBundle(path, { verify: 'on-read' })
  const { manifest } = bundle
  const { version } = manifest
  const prompt = promptOf(manifest)
  const missing = new Set<string>()
  let pending: readonly string[] = []

  const text = await embedders.take(manifest.embedder)
  try {
    if (text.missing !== undefined) missing.add(`text embedder: ${text.missing}; posted items wait for one`)
    const engine = await engineClient({
      ...deps.engine,
      bundle: bundle.dir,
      manifest,
      restore: async (writer) => {
        const replayed = await replayItems(store, writer, deps.bring, log)
        pending = replayed.pending
        const { items, deleted } = replayed
        if (items + deleted + pending.length > 0) {
          log.info({ version, items, deleted, pending: pending.length }, 'journalled items replayed')
        }
      },
      log: (message) => {
        log.info({ version }, message)
        missing.add(message)
      },
      onState: (state, err) => {
        deps.onState(version, state)
        if (state === 'ready') log.info({ version }, 'the engine answers again')
        else log.error({ version, err }, 'the engine worker died')
      },
    })
    const close = async (): Promise<void> => {
      await engine.close()
      await text.release()
    }
    try {
      const popular = await readPopular(engine)
      return {
        bundle,
        engine,
        popular,
        embedder: text.embedder,
        itemText: (domain, item) => itemText(prompt, domain, item).text,
        get pending () { return pending },
        missing,
        warm: async () => {
          const pause = deps.engine.gently === true ? createPauses() : async () => {}
          await warm(engine, popular, pause)
          engine.promote()
        },
        async seed (signal) {
          const seeded = await store.seed(`bundle/${version}`, until(signal, historiesOf(bundle)))
          if (seeded.users > 0) log.info({ version, ...seeded }, 'histories of the bundle brought in')
        },
        close,
      }
    } catch (error) {
      await engine.close()
      throw error
    }
  } catch (error) {
    await text.release()
    throw error
  }
}

/** Up to what is a large batch, so that code is compiled a little at a time, and then until all of it is. */
const WARM_BATCHES = [1, 4, 16, 32, ...new Array<number>(24).fill(16)]
/** Of the most popular items of each domain, so many make a history. */
const WARM_ITEMS = 4
/** As many histories differ; a cache of user vectors knows those that follow. */
const WARM_FROM = 64

async function warm (engine: Engine, popular: PopularList, pause: Pause): Promise<void> {
  const known = engine.domains.map((domain) => popular.top(domain, { k: WARM_FROM, without: new Set() }))
  let asked = 0
  const history = (): string[] => known.flatMap((items) =>
    Array.from({ length: Math.min(WARM_ITEMS, items.length) }, (_, i) =>
      items[(asked * (i + 1) + i) % items.length]!.itemId))
  for (const domain of engine.domains) {
    for (const calls of WARM_BATCHES) {
      await Promise.all(Array.from({ length: calls }, async () => {
        asked++
        await engine.recommend({ domain, history: history(), k: 10, exclude: [], excludeSeen: true })
      }))
      await pause()
    }
  }
}

async function * until<T> (signal: AbortSignal, values: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const value of values) {
    signal.throwIfAborted()
    yield value
  }
}
