import type { Clock } from '../clock.ts'
import { createClock } from '../clock.ts'
import type { Journal } from '../journal.ts'
import { openEnvironment } from './environment.ts'
import { createHistories } from './histories.ts'
import { createItems } from './items.ts'
import { takeLock } from './lock.ts'
import { createModels } from './models.ts'
import { createOutbox } from './outbox.ts'
import { createPlace } from './place.ts'
import { createReplica } from './replica.ts'
import { sealStore, unsealStore } from './seal.ts'
import { createWriter } from './writer.ts'

export interface OpenStoreOptions {
  /** Unix milliseconds. */
  readonly now?: () => number
  /** Whether what is written is to be sent to a shared store: it is marked then, and nothing is otherwise. */
  readonly shared?: boolean
  /**
   * Told of a store that was not closed: the process before was killed. Its end may be missing (`tail`): pages that
   * were not in use, or the store is refused.
   */
  readonly onUnclosed?: (found: { readonly tail: 'whole' | 'truncated' }) => void
}

/**
 * Opens the store in `dir`, and makes both where absent; this process alone has it until `close`. Throws `store_locked`
 * (another process has it), `config_invalid` (the folder cannot be used), `store_corrupt`, `format_unsupported`.
 */
export async function openStore (
  dir: string, { now = Date.now, shared = false, onUnclosed = () => {} }: OpenStoreOptions = {}
): Promise<Journal> {
  const lock = await takeLock(dir)
  try {
    const isSealed = await unsealStore(dir)
    const environment = openEnvironment(dir)
    const { tables, lacksPages, isNew } = environment
    if (!isSealed && !isNew) onUnclosed({ tail: lacksPages ? 'truncated' : 'whole' })
    const writer = createWriter(environment)
    const clock: Clock = createClock(now)
    const place = createPlace(tables, writer, shared)
    const { instance } = place
    const outbox = createOutbox(tables, writer, clock, shared)
    const items = createItems({ tables, writer, outbox, clock, instance })
    const models = createModels({ tables, writer, outbox, clock, instance })
    return {
      ...createHistories({ tables, writer, outbox, clock, now }),
      ...items,
      ...models,
      ...createReplica({ tables, writer, items, models }),
      ...place,
      outbox,
      async close () {
        await writer.close()
        await environment.close()
        // A store is whole without a seal.
        await sealStore(dir).catch(() => {})
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}
