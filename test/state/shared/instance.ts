import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { RedisAddress } from '../../../src/config/redis-url.ts'
import { openStore } from '../../../src/state/embedded/open-store.ts'
import { openSharedStore, type SharedStore, type SharedStoreOptions } from '../../../src/state/shared/open-shared-store.ts'
import type { RemoteChange, Store, StoredEvent, StoredItem } from '../../../src/state/stores.ts'

/** An instance of the service, as far as its state goes: a folder of its own, a Redis that it shares. */
export interface Instance {
  store: SharedStore
  readonly told: RemoteChange[]
  readonly restart: (options?: { readonly now?: () => number }) => Promise<SharedStore>
  readonly close: () => Promise<void>
}

export async function openInstance (
  redis: RedisAddress, namespace: string, options: Partial<SharedStoreOptions> = {}
): Promise<Instance> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-shared-'))
  const open = async (): Promise<SharedStore> => {
    const journal = await openStore(dir, { shared: true, ...(options.now && { now: options.now }) })
    // Patient: what is tested is what an answer holds, on a machine that may be busy.
    const store = await openSharedStore(journal, { redis, namespace, timeoutMs: 2000, contactMs: 20_000, ...options })
    store.onRemote((change) => { told.push(change) })
    return store
  }
  const told: RemoteChange[] = []
  const instance: Instance = {
    store: await open(),
    told,
    async restart () {
      await instance.store.close()
      instance.store = await open()
      return instance.store
    },
    async close () {
      await instance.store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return instance
}

export const newNamespace = (): string => `shop-${randomUUID().slice(0, 8)}`

/** Resolves when Redis has confirmed all that these instances took. */
export async function sent (...instances: readonly Instance[]): Promise<void> {
  await eventually(() => {
    if (instances.some(({ store }) => store.status().outbox > 0)) throw new Error('not all is sent')
  })
}

/** Tries again until it does not throw; long enough for a machine that is busy. */
export async function eventually<T> (check: () => T | Promise<T>): Promise<T> {
  return await vi.waitFor(check, { timeout: 60_000, interval: 50 })
}

export function event (eventId: string, change: Partial<StoredEvent> = {}): StoredEvent {
  return { eventId, userId: 'u', itemId: `item-${eventId}`, type: 'view', timestamp: 1_760_000_000_000, ...change }
}

export function item (itemId: string, change: Partial<StoredItem> = {}): StoredItem {
  return {
    itemId,
    domain: 'sport',
    version: 1,
    title: `title of ${itemId}`,
    ingestedAt: 1_760_000_000_000,
    contentHash: `hash of ${itemId}`,
    embedderId: 'hash/3',
    state: 'ready',
    embedding: Float32Array.from([1, 2, 3]),
    ...change,
  }
}

/** Item ids of a history, a `!` first where it is not the shared one. */
export async function items (store: Store, userId = 'u'): Promise<string[]> {
  const { entries, degradedReasons } = await store.history(userId, 1000)
  return [...degradedReasons.map(() => '!'), ...entries.map(({ itemId }) => itemId)]
}
