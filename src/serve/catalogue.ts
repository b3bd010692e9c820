import type { FastifyBaseLogger } from 'fastify'
import { IsthmusError } from '../errors.ts'
import type { ItemStore, StoredItem } from '../state/stores.ts'
import type { CheckedItem } from './check-item.ts'
import type { ItemModel, ItemModels } from './item-models.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { DomainQuota } from './new-domains.ts'
import { Refusal } from './problems.ts'
import { putReady } from './put-ready.ts'

export interface CatalogueDeps {
  readonly models: ItemModels
  readonly store: ItemStore
  /** One at a time for each item, from the plan of a change until every engine has it. */
  readonly locks: KeyedLock
  readonly quota: DomainQuota
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
  /**
   * All or none. Fails with a Refusal (`item_in_two_domains`, `too_many_domains`), `embedding_budget_exhausted` or the
   * store's errors.
   */
  put: (items: readonly CheckedItem[]) => Promise<PutResult[]>
  get: (itemId: string) => Promise<ItemView | undefined>
  /** True if the item was there. */
  remove: (itemId: string) => Promise<boolean>
  /** Brings the engines in line with what another instance wrote, and the store now holds. */
  follow: (itemIds: readonly string[]) => Promise<void>
  /** Embeds one group of pending items; how many are left. Fails as the embedder does. */
  retryPending: (signal: AbortSignal) => Promise<number>
  /**
   * Embeds what a model lacks that is to lead, and gives it the vectors; what cannot be embedded now stays pending. The
   * function it resolves to stores them, once the model leads: until then they are those that its forerunner needs.
   */
  reembed: (model: ItemModel, signal: AbortSignal) => Promise<() => Promise<void>>
  readonly pending: number
}

export type ItemView = Omit<StoredItem, 'version' | 'ingestedAt' | 'contentHash' | 'embedderId' | 'embedding' | 'state'> & {
  readonly version: number
  readonly state: 'ready' | 'pending'
  readonly source: 'bundle' | 'posted'
}

/** Texts embedded at once when pending items are tried again. */
const RETRY_GROUP = 32

export function createCatalogue (deps: CatalogueDeps): Catalogue {
  const { models, store, locks, quota } = deps

  /** @param by whose embedder the vectors are of: another model may lead by now */
  async function commit (
    items: readonly CheckedItem[], vectors: ReadonlyMap<CheckedItem, Float32Array>, by: ItemModel
  ): Promise<PutResult[]> {
    const plans = await Promise.all(items.map(async (wanted) => await plan(wanted, vectors.get(wanted), by)))
    const stored = plans.flatMap(({ stored }) => stored ?? [])
    if (stored.length > 0) await store.putItems(stored)
    const refused = await models.put(stored)
    if (refused.length > 0) {
      deps.log.warn({ items: refused.length }, 'embeddings gave no direction; their items stay out of answers')
      await store.putItems(refused.map(({ embedding, ...one }) => ({ ...one, state: 'pending' })))
    }
    const out = new Set(refused.map(({ itemId }) => itemId))
    return plans.map(({ result }) => out.has(result.itemId) ? { ...result, state: 'pending' } : result)
  }

  async function plan (
    wanted: CheckedItem, vector: Float32Array | undefined, by: ItemModel
  ): Promise<{ result: PutResult, stored?: StoredItem }> {
    const { itemId, domain } = wanted
    const known = store.getItem(itemId)
    const base = known === undefined ? await models.lead.engine.describe(itemId) : undefined
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
      embedderId: by.engine.embedder.id,
      state,
      ...(vector === undefined ? {} : { embedding: vector }),
    }
    return { result: { itemId, domain, state, change: same ? 'none' : last === 0 ? 'new' : 'replaced' }, stored }
  }

  /** Stored with this very content and a vector of this bundle's embedder. */
  function isReady (stored: StoredItem | undefined, wanted: CheckedItem): boolean {
    return stored?.contentHash === wanted.contentHash && stored.state === 'ready' &&
      stored.embedderId === models.lead.engine.embedder.id
  }

  async function embedAll (
    { engine, embedder, itemText }: ItemModel, items: readonly CheckedItem[], signal: AbortSignal
  ): Promise<Float32Array[]> {
    if (items.length === 0) return []
    const { width } = engine.embedder
    try {
      const texts = items.map((item) => itemText(item.domain, item))
      const rows = await orAbort(embedder.embed(texts, { signal }), signal)
      deps.onEmbedded?.('ok', items.length)
      return items.map((_, i) => rows.slice(i * width, (i + 1) * width))
    } catch (error) {
      deps.onEmbedded?.('failed', items.length)
      throw error
    }
  }

  async function vectorsOf (items: readonly CheckedItem[], by: ItemModel): Promise<Map<CheckedItem, Float32Array>> {
    const vectors = new Map(items.flatMap((item) => item.embedding === undefined ? [] : [[item, item.embedding]]))
    const missing = items.filter((item) =>
      !vectors.has(item) && !isReady(store.getItem(item.itemId), item))
    try {
      const rows = await embedAll(by, missing, AbortSignal.timeout(deps.embedWithinMs))
      for (const [i, item] of missing.entries()) vectors.set(item, rows[i]!)
    } catch (err) {
      // Told at once: what is kept without being paid for would only grow.
      if (err instanceof IsthmusError && err.code === 'embedding_budget_exhausted') throw err
      // Not the caller's fault and not for ever: the items are kept, and tried again in the background.
      deps.log.warn({ err, items: missing.length }, 'item texts could not be embedded; stored as pending')
    }
    return vectors
  }

  /** Stores vectors of items as they were read; what was replaced or deleted since has been settled by that call. */
  async function commitRead (
    items: readonly StoredItem[], rows: readonly Float32Array[], by: ItemModel
  ): Promise<void> {
    for (const [i, item] of items.entries()) {
      await locks.run([item.itemId], async () => {
        if (store.getItem(item.itemId)?.contentHash !== item.contentHash) return
        await commit([item], new Map([[item, rows[i]!]]), by)
      })
    }
  }

  const pending = (): ReadonlySet<string> => models.waitingOf(models.lead)

  return {
    get pending () { return pending().size },

    async put (items) {
      const ids = items.map(({ itemId }) => itemId)
      if (new Set(ids).size < ids.length) throw new Refusal('conflict')
      const release = quota.hold(items.map(({ domain }) => domain))
      try {
        const by = models.lead
        const vectors = await vectorsOf(items, by)
        return await locks.run(ids, async () => await commit(items, vectors, by))
      } finally {
        release()
      }
    },

    async get (itemId) {
      const stored = store.getItem(itemId)
      if (stored !== undefined) {
        const { ingestedAt, contentHash, embedderId, embedding, ...view } = stored
        return { ...view, source: 'posted' }
      }
      const base = await models.lead.engine.describe(itemId)
      return base === undefined ? undefined : { ...base, version: 1, state: 'ready' }
    },

    async remove (itemId) {
      return await locks.run([itemId], async () => {
        const domain = (store.getItem(itemId) ?? await models.lead.engine.describe(itemId))?.domain
        if (domain === undefined) return false
        await store.deleteItem(itemId, domain)
        await models.remove(itemId)
        return true
      })
    },

    async follow (itemIds) {
      await locks.run(itemIds, async () => {
        const put: StoredItem[] = []
        for (const itemId of itemIds) {
          const stored = store.getItem(itemId)
          if (stored === undefined) await models.remove(itemId)
          // Instances whose models differ would else replace one another's vectors without end.
          else if (stored.state === 'pending' || stored.embedderId === models.lead.engine.embedder.id) put.push(stored)
          else deps.log.warn({ itemId }, 'an item embedded for another model stays out of answers until the next start')
        }
        for (const { itemId, domain } of put) {
          const known = await models.lead.engine.describe(itemId)
          if (known !== undefined && known.domain !== domain) await models.remove(itemId)
        }
        const refused = await models.put(put)
        if (refused.length > 0) deps.log.warn({ items: refused.length }, 'items of another instance were refused')
        const { domains } = models.lead.engine
        const strangers = put.filter(({ domain }) => !domains.includes(domain)).length
        if (strangers > 0) {
          deps.log.warn({ items: strangers }, 'items of domains that another instance opened stay out of answers here')
        }
      })
    },

    async retryPending (signal) {
      const by = models.lead
      const group = [...pending()].slice(0, RETRY_GROUP).flatMap((itemId) => store.getItem(itemId) ?? [])
      await commitRead(group, await embedAll(by, group, signal), by)
      return pending().size
    },

    async reembed (model, signal) {
      const read: StoredItem[] = []
      const rows: Float32Array[] = []
      const ids = [...models.waitingOf(model)]
      for (let at = 0; at < ids.length; at += RETRY_GROUP) {
        const group = ids.slice(at, at + RETRY_GROUP).flatMap((itemId) => store.getItem(itemId) ?? [])
        try {
          rows.push(...await embedAll(model, group, signal))
        } catch (err) {
          deps.log.warn({ err, items: ids.length - at }, 'items wait for the embedder of the model that is to lead')
          break
        }
        const from = read.length
        read.push(...group)
        for (const [i, item] of group.entries()) {
          await locks.run([item.itemId], async () => {
            if (store.getItem(item.itemId)?.contentHash !== item.contentHash) return
            await putReady(model.engine, [{ ...item, embedding: rows[from + i]! }])
          })
        }
      }
      return async () => await commitRead(read, rows, model)
    },
  }
}

/** An embedder that does not listen to its signal must not hold a caller either. */
async function orAbort<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
