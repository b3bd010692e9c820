import { IsthmusError } from '../../src/errors.ts'
import {
  EVENT_ID_KEPT, type EventOutcome, type HistoryEntry, type ItemChange, MAX_HISTORY, MAX_PER_USER_ITEM_DAY,
  type ModelChoice, type Store, type StoredEvent, type StoredItem,
} from '../../src/state/stores.ts'

const DAY = 24 * 60 * 60 * 1000

export interface MemoryStore extends Store {
  /** Makes every later write fail with this error, until it is taken away. */
  failWith: (error: Error | undefined) => void
  /** After `close`: the store as a restart would find it. */
  reopen: () => void
}

/** A Store without a disk, under the same contract: what the service's own tests run on. */
export function memoryStore (now: () => number = Date.now): MemoryStore {
  const ids = new Map<string, { body: string, expires: number }>()
  const histories = new Map<string, HistoryEntry[]>()
  const erased = new Set<string>()
  const items = new Map<string, StoredItem>()
  const changes = new Map<string, ItemChange>()
  const sources = new Set<string>()
  const models = new Map<string, ModelChoice>()
  let failure: Error | undefined

  const write = async (): Promise<void> => {
    // A real write takes a turn of the event loop at least.
    await new Promise((resolve) => { setImmediate(resolve) })
    if (failure !== undefined) throw failure
  }
  const add = (userId: string, entry: HistoryEntry): void => {
    const history = [...histories.get(userId) ?? [], entry].sort((a, b) => a.timestamp - b.timestamp)
    histories.set(userId, history.slice(-MAX_HISTORY))
  }
  const change = (key: string, value: ItemChange): void => {
    changes.delete(key)
    changes.set(key, value)
  }

  function take (event: StoredEvent): EventOutcome {
    const { eventId, userId, itemId, timestamp } = event
    const body = JSON.stringify([userId, itemId, event.type, event.undated ?? timestamp, event.value])
    const known = ids.get(eventId)
    if (known !== undefined && known.expires > now()) return known.body === body ? 'duplicate' : 'conflict'
    const day = (time: number): number => Math.floor(time / DAY)
    const same = (histories.get(userId) ?? [])
      .filter((entry) => entry.itemId === itemId && day(entry.timestamp) === day(timestamp))
    if (same.length >= MAX_PER_USER_ITEM_DAY) return 'stuffing'
    ids.set(eventId, { body, expires: Math.max(timestamp, now()) + EVENT_ID_KEPT })
    add(userId, { itemId, timestamp })
    return 'accepted'
  }

  return {
    failWith (error) { failure = error },
    reopen () { failure = undefined },
    async append (events) {
      await write()
      return events.map(take)
    },
    history: async (userId, limit) =>
      ({ entries: limit === 0 ? [] : (histories.get(userId) ?? []).slice(-limit), degradedReasons: [] }),
    async erase (userId) {
      await write()
      erased.add(userId)
      histories.delete(userId)
    },
    isErased: (userId) => erased.has(userId),
    async seed (source, given, { known = 'keep', onProgress } = {}) {
      const total = { users: 0, events: 0 }
      if (sources.has(source)) return total
      let read = 0
      for await (const { userId, events } of given) {
        onProgress?.(++read)
        const history = histories.get(userId)
        if (erased.has(userId) || (history !== undefined && known === 'keep')) continue
        const fresh = events.filter(({ itemId, timestamp }) =>
          history?.some((entry) => entry.itemId === itemId && entry.timestamp === timestamp) !== true)
        for (const { itemId, timestamp } of fresh) add(userId, { itemId, timestamp })
        total.users += fresh.length > 0 ? 1 : 0
        total.events += fresh.length
      }
      sources.add(source)
      return total
    },
    async putItems (given) {
      await write()
      const domains = new Map<string, string>()
      for (const { itemId, domain } of given) {
        if ((domains.get(itemId) ?? items.get(itemId)?.domain ?? domain) !== domain) {
          throw new IsthmusError('item_in_two_domains', 'the item belongs to another domain')
        }
        domains.set(itemId, domain)
      }
      for (const item of given) {
        items.set(item.itemId, item)
        changes.delete(`delete ${item.itemId} ${item.domain}`)
        change(`put ${item.itemId}`, { kind: 'put', item })
      }
    },
    getItem: (itemId) => items.get(itemId),
    async deleteItem (itemId, domain) {
      await write()
      changes.delete(`put ${itemId}`)
      change(`delete ${itemId} ${domain}`, { kind: 'delete', itemId, domain })
      return items.delete(itemId)
    },
    changes: () => [...changes.values()],
    chosenModel: (name) => models.get(name),
    async chooseModel (choice) {
      await write()
      models.set(choice.name, choice)
    },
    async close () {
      // What was taken is written first.
      await new Promise((resolve) => { setImmediate(resolve) })
      failure = new IsthmusError('store_unavailable', 'the store is closed')
    },
  }
}
