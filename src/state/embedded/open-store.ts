import type { Store } from '../stores.ts'
import { openEnvironment } from './environment.ts'
import { createHistories } from './histories.ts'
import { createItems } from './items.ts'
import { takeLock } from './lock.ts'
import { createWriter } from './writer.ts'

export interface OpenStoreOptions {
  /** Unix milliseconds. */
  readonly now?: () => number
}

/**
 * Opens the store in `dir`, and makes both where absent; this process alone has it until `close`. Throws `store_locked`
 * (another process has it), `config_invalid` (the folder cannot be used), `store_corrupt`, `format_unsupported`.
 */
export async function openStore (dir: string, { now = Date.now }: OpenStoreOptions = {}): Promise<Store> {
  const lock = await takeLock(dir)
  try {
    const environment = openEnvironment(dir)
    const writer = createWriter(environment)
    return {
      ...createHistories(environment.tables, writer, now),
      ...createItems(environment.tables, writer),
      async close () {
        await writer.close()
        await environment.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}
