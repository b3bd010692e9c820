import { storeContract } from '../state/stores.contract.ts'
import { memoryStore } from './memory-store.ts'

storeContract('in memory', async (now) => {
  const store = memoryStore(now)
  return {
    store,
    reopen: async () => {
      await store.close()
      store.reopen()
      return store
    },
    close: store.close,
  }
})
