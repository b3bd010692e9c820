import { isDeepStrictEqual } from 'node:util'
import type { EventOutcome, HistoryEntry, Store, StoredEvent, StoredItem } from '../../src/state/stores.ts'

type Change = { readonly kind: 'put', readonly item: StoredItem } |
  { readonly kind: 'delete', readonly itemId: string, readonly domain: string }

export interface MemoryStore extends Store {
  /** Makes every later write fail with this error, until it is taken away. */
  failWith: (error: Error | undefined) => void
}

/** A Store without a disk: what the service's own tests run on. */
export function memoryStore (): MemoryStore {
  const events = new Map<string, StoredEvent>()
  const histories = new Map<string, HistoryEntry[]>()
  const erased = new Set<string>()
  const items = new Map<string, StoredItem>()
  const changes: Change[] = []
  const sources = new Set<string>()
  let failure: Error | undefined

  const write = async (): Promise<void> => {
    // A real write takes a turn of the event loop at least.
    await new Promise((resolve) => { setImmediate(resolve) })
    if (failure !== undefined) throw failure
  }
  const add = (userId: string, entry: HistoryEntry): void => {
    const history = [...histories.get(userId) ?? [], entry]
    histories.set(userId, history.sort((a, b) => a.timestamp - b.timestamp))
  }

  return {
    failWith (error) { failure = error },
    async append (given) {
      await write()
      return given.map((event): EventOutcome => {
        const known = events.get(event.eventId)
        if (known !== undefined) return isDeepStrictEqual(known, event) ? 'duplicate' : 'conflict'
        events.set(event.eventId, event)
        add(event.userId, { itemId: event.itemId, timestamp: event.timestamp })
        return 'accepted'
      })
    },
    history: (userId, limit) => (histories.get(userId) ?? []).slice(-limit),
    async erase (userId) {
      await write()
      erased.add(userId)
      histories.delete(userId)
    },
    isErased: (userId) => erased.has(userId),
    async seed (source, given) {
      if (sources.has(source)) return { users: 0, events: 0 }
      let users = 0
      let count = 0
      for await (const { userId, events: entries } of given) {
        if (histories.has(userId) || erased.has(userId)) continue
        users++
        for (const entry of entries) add(userId, entry)
        count += entries.length
      }
      sources.add(source)
      return { users, events: count }
    },
    async putItems (given) {
      await write()
      for (const item of given) {
        items.set(item.itemId, item)
        changes.push({ kind: 'put', item })
      }
    },
    getItem: (itemId) => items.get(itemId),
    async deleteItem (itemId, domain) {
      await write()
      changes.push({ kind: 'delete', itemId, domain })
      return items.delete(itemId)
    },
    changes: () => changes,
    close: async () => {},
  }
}
