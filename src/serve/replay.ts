import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../recommend/engine.ts'
import type { ItemStore, StoredItem } from '../state/stores.ts'
import type { BringDomain } from './new-domains.ts'
import { putReady } from './put-ready.ts'

const GROUP = 256

export interface Replayed {
  readonly items: number
  readonly deleted: number
  /** Items without a vector of this engine's embedder: to be embedded. */
  readonly pending: readonly string[]
}

/**
 * Brings a freshly loaded engine up to what the journal holds: items posted since its bundle, deletions, and the
 * domains that both were in, so that one stays open whose items are pending or gone.
 */
export async function replayItems (
  store: Pick<ItemStore, 'changes'>,
  engine: Pick<Engine, 'domains' | 'opensDomains' | 'openDomain' | 'putItems' | 'removeItem' | 'embedder'>,
  bring: BringDomain,
  log: Pick<FastifyBaseLogger, 'warn'>
): Promise<Replayed> {
  const latest = new Map<string, StoredItem | undefined>()
  const domains = new Set<string>()
  for (const change of store.changes()) {
    const { itemId, domain } = change.kind === 'put' ? change.item : change
    latest.set(itemId, change.kind === 'put' ? change.item : undefined)
    domains.add(domain)
  }
  const there = new Set<string>()
  for (const domain of domains) if (await bring(engine, domain)) there.add(domain)
  const pending: string[] = []
  const ready: StoredItem[] = []
  let deleted = 0
  let strangers = 0
  for (const [itemId, item] of latest) {
    if (item === undefined) {
      await engine.removeItem(itemId)
      deleted++
    } else if (!there.has(item.domain)) strangers++
    else if (item.state === 'ready' && item.embedderId === engine.embedder.id) ready.push(item)
    else if (item.title !== undefined) pending.push(itemId)
    else log.warn({ itemId }, 'an item without a title has no embedding of this model; it stays out of answers')
  }
  if (strangers > 0) log.warn({ items: strangers }, 'items of domains that the model does not have stay out of answers')
  for (let i = 0; i < ready.length; i += GROUP) {
    const refused = await putReady(engine, ready.slice(i, i + GROUP))
    if (refused.length > 0) log.warn({ items: refused.length }, 'stored embeddings were refused by the engine')
  }
  return { items: ready.length, deleted, pending }
}
