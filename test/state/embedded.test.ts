import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/state/embedded/open-store.ts'
import { storeContract } from './stores.contract.ts'

storeContract('embedded', async (now) => {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-store-'))
  let store = await openStore(dir, { now })
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openStore(dir, { now })
      return store
    },
    close: async () => {
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
})
