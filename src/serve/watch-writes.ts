import { IsthmusError } from '../errors.ts'
import type { Store } from '../state/stores.ts'

export interface WatchedStore {
  readonly store: Store
  /** Whether the latest write failed for a reason of the store's, e.g. a full disk. */
  readonly isFailing: () => boolean
}

/** The same store, and what became of its latest write: probes tell of it without a write of their own. */
export function watchWrites (store: Store): WatchedStore {
  let isFailing = false
  const watched = <A extends unknown[], R>(write: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    try {
      const result = await write(...args)
      isFailing = false
      return result
    } catch (error) {
      if (error instanceof IsthmusError && error.code.startsWith('store_')) isFailing = true
      throw error
    }
  }
  return {
    store: {
      ...store,
      append: watched(store.append),
      erase: watched(store.erase),
      putItems: watched(store.putItems),
      deleteItem: watched(store.deleteItem),
    },
    isFailing: () => isFailing,
  }
}
