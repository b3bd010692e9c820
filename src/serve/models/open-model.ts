import type { FastifyBaseLogger } from 'fastify'
import { type Bundle, openBundle } from '../../bundle/open.ts'
import { itemText } from '../../llm/item-prompt.ts'
import { engineClient, type EngineClientOptions } from '../../recommend/engine-client.ts'
import { readPopular } from '../../recommend/popular.ts'
import type { Store } from '../../state/stores.ts'
import { promptOf } from '../bundle-facts.ts'
import type { ItemModel } from '../item-models.ts'
import { replayItems } from '../replay.ts'
import type { EmbedderShelf } from './embedder-shelf.ts'

/** A bundle with an engine worker that holds it, brought up to what the store held when it was opened. */
export interface LoadedModel extends ItemModel {
  readonly bundle: Bundle
  /** Stored items that wait for their text embedding. */
  readonly pending: readonly string[]
  /** What an operator should know is absent, a line each; grows when a restarted worker finds less. */
  readonly missing: ReadonlySet<string>
  close: () => Promise<void>
}

export interface OpenModelDeps {
  readonly store: Pick<Store, 'changes'>
  readonly embedders: EmbedderShelf
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  readonly engine: Pick<EngineClientOptions, 'provider' | 'retrieval' | 'maxWaiting' | 'onBatch'>
  /** Told when a model's worker died, and when it answers again. */
  readonly onState: (version: string, state: 'ready' | 'down') => void
}

/** Opens a verified bundle for answering. Whatever was opened is closed again where a later step fails. */
export async function openModel (path: string, deps: OpenModelDeps): Promise<LoadedModel> {
  const { store, embedders, log } = deps
  const bundle = await openBundle(path)
  const { manifest } = bundle
  const { version } = manifest
  const domains = manifest.domains.map(({ name }) => name)
  const prompt = promptOf(manifest)
  const missing = new Set<string>()
  let pending: readonly string[] = []

  const text = await embedders.take(manifest.embedder)
  try {
    if (text.missing !== undefined) missing.add(`text embedder: ${text.missing}; posted items wait for one`)
    const engine = await engineClient({
      ...deps.engine,
      bundle: bundle.dir,
      restore: async (writer) => {
        const replayed = await replayItems(store, writer, domains, log)
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
      return {
        bundle,
        engine,
        popular: await readPopular(engine),
        embedder: text.embedder,
        itemText: (domain, item) => itemText(prompt, domain, item).text,
        get pending () { return pending },
        missing,
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
