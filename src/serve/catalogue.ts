import type { FastifyBaseLogger } from 'fastify'
import { IsthmusError } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import type { Engine, EngineItem } from '../recommend/engine.ts'
import type { PopularList } from '../recommend/popular.ts'
import type { ItemStore, StoredItem } from '../state/stores.ts'
import type { CheckedItem } from './check-item.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { Refusal } from './problems.ts'

export interface CatalogueDeps {
  readonly engine: Engine
  readonly store: ItemStore
  readonly popular: Pick<PopularList, 'remove'>
  readonly embedder: Pick<TextEmbedder, 'embed'>
  /** The text that stands for an item, by the template the bundle was made with. */
  readonly itemText: (domain: string, item: Omit<CheckedItem, 'contentHash'>) => string
  readonly log: Pick<FastifyBaseLogger, 'warn'>
  /** Unix milliseconds. */
  readonly now: () => number
  /** How long a call waits for embeddings before its items are stored as pending, in milliseconds. */
  readonly embedWithinMs: number
  readonly onEmbedded?: (result: 'ok' | 'failed', items: number) => void
}

export interface PutResult {
  readonly itemId: string
  readonly domain: string
  readonly state: 'ready' | 'pending'
  readonly change: 'new' | 'replaced' | 'none'
}

/** Items that came after the bundle: journalled first, then searchable, then acknowledged. */
export interface Catalogue {
  /** All or none. Fails with a Refusal (`item_in_two_domains`) or the store's errors. */
  put: (items: readonly CheckedItem[]) => Promise<PutResult[]>
  get: (itemId: string) => Promise<ItemView | undefined>
  /** True if the item was there. */
  remove: (itemId: string) => Promise<boolean>
  /** Embeds one group of pending items; how many are left. Fails as the embedder does. */
  retryPending: (signal: AbortSignal) => Promise<number>
  readonly pending: number
}

export type ItemView = Omit<StoredItem, 'version' | 'ingestedAt' | 'contentHash' | 'embedderId' | 'embedding' | 'state'> & {
  readonly version: number
  readonly state: 'ready' | 'pending'
  readonly source: 'bundle' | 'posted'
}

/** Texts embedded at once when pending items are tried again. */
const RETRY_GROUP = 32

/** @param replayed pending items found in the store when it was opened */
export function createCatalogue (deps: CatalogueDeps, replayed: readonly string[] = []): Catalogue {
  const { engine, store } = deps
  const locks = createKeyedLock()
  const waiting = new Set(replayed)

  async function commit (item: CheckedItem[], vectors: ReadonlyMap<CheckedItem, Float32Array>): Promise<PutResult[]> {
    const plans = await Promise.all(item.map(async (wanted) => await plan(wanted, vectors.get(wanted))))
    const stored = plans.flatMap(({ stored }) => stored ?? [])
    if (stored.length > 0) await store.putItems(stored)
    for (const one of stored) {
      if (one.state === 'pending') waiting.add(one.itemId)
      else waiting.delete(one.itemId)
    }
    const refused = await putReady(engine, stored)
    if (refused.length > 0) {
      deps.log.warn({ items: refused.length }, 'embeddings gave no direction; their items stay out of answers')
      await store.putItems(refused.map(({ embedding, ...one }) => ({ ...one, state: 'pending' })))
    }
    const out = new Set(refused.map(({ itemId }) => itemId))
    return plans.map(({ result }) => out.has(result.itemId) ? { ...result, state: 'pending' } : result)
  }

  async function plan (
    wanted: CheckedItem, vector: Float32Array | undefined
  ): Promise<{ result: PutResult, stored?: StoredItem }> {
    const { itemId, domain } = wanted
    const known = store.getItem(itemId)
    const base = known === undefined ? await engine.describe(itemId) : undefined
    if ((known ?? base ?? wanted).domain !== domain) throw new Refusal('item_in_two_domains')
    const same = known?.contentHash === wanted.contentHash
    if (known !== undefined && same && (isReady(known, wanted) || vector === undefined)) {
      return { result: { itemId, domain, state: known.state, change: 'none' } }
    }
    const state = vector === undefined ? 'pending' : 'ready'
    // The bundle's own row is version 1 of an item; the same body, embedded at last, is the same version.
    const last = known?.version ?? (base === undefined ? 0 : 1)
    const version = same ? last : last + 1
    const stored: StoredItem = {
      ...wanted,
      version,
      ingestedAt: known?.ingestedAt ?? deps.now(),
      embedderId: engine.embedder.id,
      state,
      ...(vector === undefined ? {} : { embedding: vector }),
    }
    return { result: { itemId, domain, state, change: same ? 'none' : last === 0 ? 'new' : 'replaced' }, stored }
  }

  /** Stored with this very content and a vector of this bundle's embedder. */
  function isReady (stored: StoredItem | undefined, wanted: CheckedItem): boolean {
    return stored?.contentHash === wanted.contentHash && stored.state === 'ready' &&
      stored.embedderId === engine.embedder.id
  }

  async function embedAll (items: readonly CheckedItem[], signal: AbortSignal): Promise<Float32Array[]> {
    if (items.length === 0) return []
    const { width } = engine.embedder
    try {
      const texts = items.map((item) => deps.itemText(item.domain, item))
      const rows = await orAbort(deps.embedder.embed(texts, { signal }), signal)
      deps.onEmbedded?.('ok', items.length)
      return items.map((_, i) => rows.slice(i * width, (i + 1) * width))
    } catch (error) {
      deps.onEmbedded?.('failed', items.length)
      throw error
    }
  }

  async function vectorsOf (items: readonly CheckedItem[]): Promise<Map<CheckedItem, Float32Array>> {
    const vectors = new Map(items.flatMap((item) => item.embedding === undefined ? [] : [[item, item.embedding]]))
    const missing = items.filter((item) =>
      !vectors.has(item) && !isReady(store.getItem(item.itemId), item))
    try {
      const rows = await embedAll(missing, AbortSignal.timeout(deps.embedWithinMs))
      for (const [i, item] of missing.entries()) vectors.set(item, rows[i]!)
    } catch (err) {
      // Not the caller's fault and not for ever: the items are kept, and tried again in the background.
      deps.log.warn({ err, items: missing.length }, 'item texts could not be embedded; stored as pending')
    }
    return vectors
  }

  return {
    get pending () { return waiting.size },

    async put (items) {
      const ids = items.map(({ itemId }) => itemId)
      if (new Set(ids).size < ids.length) throw new Refusal('conflict')
      const vectors = await vectorsOf(items)
      return await locks.run(ids, async () => await commit([...items], vectors))
    },

    async get (itemId) {
      const stored = store.getItem(itemId)
      if (stored !== undefined) {
        const { ingestedAt, contentHash, embedderId, embedding, ...view } = stored
        return { ...view, source: 'posted' }
      }
      const base = await engine.describe(itemId)
      return base === undefined ? undefined : { ...base, version: 1, state: 'ready' }
    },

    async remove (itemId) {
      return await locks.run([itemId], async () => {
        const domain = (store.getItem(itemId) ?? await engine.describe(itemId))?.domain
        if (domain === undefined) return false
        await store.deleteItem(itemId, domain)
        await engine.removeItem(itemId)
        deps.popular.remove(itemId)
        waiting.delete(itemId)
        return true
      })
    },

    async retryPending (signal) {
      const group = [...waiting].slice(0, RETRY_GROUP).flatMap((itemId) => store.getItem(itemId) ?? [])
      const rows = await embedAll(group, signal)
      for (const [i, item] of group.entries()) {
        await locks.run([item.itemId], async () => {
          // The item may have been replaced or deleted meanwhile; that call has settled what it waits for.
          if (store.getItem(item.itemId)?.contentHash !== item.contentHash) return
          await commit([item], new Map([[item, rows[i]!]]))
        })
      }
      return waiting.size
    },
  }
}

/**
 * Gives the engine the stored items that have a vector. What it refuses for the item's own sake (a vector without a
 * direction; an id that a newer bundle has in another domain) comes back: the journal has it by now, and neither the
 * others nor a later start may fail for it.
 */
export async function putReady (
  engine: Pick<Engine, 'putItems'>, stored: readonly StoredItem[]
): Promise<StoredItem[]> {
  const ready = stored.flatMap((one) =>
    one.embedding === undefined ? [] : [{ one, item: toEngine(one, one.embedding) }])
  if (ready.length === 0) return []
  try {
    await engine.putItems(ready.map(({ item }) => item))
    return []
  } catch (error) {
    if (!(error instanceof IsthmusError && REFUSALS.has(error.code))) throw error
    if (ready.length === 1) return ready.map(({ one }) => one)
  }
  const refused: StoredItem[] = []
  for (const { one } of ready) refused.push(...await putReady(engine, [one]))
  return refused
}

const REFUSALS: ReadonlySet<string> = new Set(['validation_failed', 'conflict'])

/** What the engine needs of a stored item. */
function toEngine (item: StoredItem, embedding: Float32Array): EngineItem {
  const { itemId, domain, title, brand, categories, price, ingestedAt } = item
  return {
    itemId,
    domain,
    ingestedAt,
    embedding,
    ...(title === undefined ? {} : { title }),
    ...(brand === undefined ? {} : { brand }),
    ...(categories === undefined ? {} : { categories }),
    ...(price === undefined ? {} : { price }),
  }
}

/** An embedder that does not listen to its signal must not hold a caller either. */
async function orAbort<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
