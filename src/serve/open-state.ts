import type { FastifyBaseLogger } from 'fastify'
import type { ServiceConfig } from '../config/service-config.ts'
import { openStore } from '../state/embedded/open-store.ts'
import { openSharedStore, type SharedStore } from '../state/shared/open-shared-store.ts'
import type { Store } from '../state/stores.ts'

export interface OpenedState {
  readonly store: Store
  /** The same, where other instances share it. */
  readonly shared: SharedStore | undefined
}

/** Opens the store on this disk, and where there is a Redis what is shared over it. @param name of the model family */
export async function openState (
  { redis }: Pick<ServiceConfig, 'redis'>, dataDir: string, name: string, log: Pick<FastifyBaseLogger, 'info' | 'warn'>
): Promise<OpenedState> {
  const journal = await openStore(dataDir, {
    shared: redis !== undefined,
    onUnclosed: ({ tail }) => {
      log.warn({ dataDir }, tail === 'truncated' ? 'store_tail_truncated' : 'the store was not closed; it is read as it is')
    },
  })
  if (redis === undefined) return { store: journal, shared: undefined }
  try {
    const { address, namespace = name, timeoutMs } = redis
    const shared = await openSharedStore(journal, { redis: address, namespace, timeoutMs, log })
    return { store: shared, shared }
  } catch (error) {
    await journal.close()
    throw error
  }
}
