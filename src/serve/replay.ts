import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../recommend/engine.ts'
import type { ItemStore, StoredItem } from '../state/stores.ts'
import { putReady } from './put-ready.ts'

const GROUP = 256

export interface Replayed {
  readonly items: number
  readonly deleted: number
  /** Items without a vector of this engine's embedder: to be embedded. */
  readonly pending: readonly string[]
}

/** Brings a freshly loaded engine up to what the journal holds: items posted since its bundle, and deletions. */
export async function replayItems (
  store: Pick<ItemStore, 'changes'>,
  engine: Pick<Engine, 'putItems' | 'removeItem' | 'embedder'>,
  domains: readonly string[],
  log: Pick<FastifyBaseLogger, 'warn'>
): Promise<Replayed> {
  const latest = new Map<string, StoredItem | undefined>()
  for (const change of store.changes()) {
    if (change.kind === 'put') latest.set(change.item.itemId, change.item)
    else latest.set(change.itemId, undefined)
  }
  const pending: string[] = []
  const ready: StoredItem[] = []
  let deleted = 0
  for (const [itemId, item] of latest) {
    if (item === undefined) {
      await engine.removeItem(itemId)
      deleted++
    } else if (!domains.includes(item.domain)) {
      log.warn({ itemId }, 'an item of a domain that this model does not have stays out of answers')
    } else if (item.state === 'ready' && item.embedderId === engine.embedder.id) ready.push(item)
    else if (item.title !== undefined) pending.push(itemId)
    else log.warn({ itemId }, 'an item without a title has no embedding of this model; it stays out of answers')
  }
  for (let i = 0; i < ready.length; i += GROUP) {
    const refused = await putReady(engine, ready.slice(i, i + GROUP))
    if (refused.length > 0) log.warn({ items: refused.length }, 'stored embeddings were refused by the engine')
  }
  return { items: ready.length, deleted, pending }
}
