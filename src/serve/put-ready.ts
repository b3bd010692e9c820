import { IsthmusError } from '../errors.ts'
import type { Engine, EngineItem } from '../recommend/engine.ts'
import type { StoredItem } from '../state/stores.ts'

/**
 * Gives the engine the stored items that have a vector. What it refuses for the item's own sake (a vector without a
 * direction; an id that a newer bundle has in another domain) comes back: the journal has it by now, and neither the
 * others nor a later start may fail for it.
 */
export async function putReady (
  engine: Pick<Engine, 'putItems'>, stored: readonly StoredItem[]
): Promise<StoredItem[]> {
  const ready = stored.flatMap((one) =>
    one.embedding === undefined ? [] : [{ one, item: toEngine(one, one.embedding) }])
  if (ready.length === 0) return []
  try {
    await engine.putItems(ready.map(({ item }) => item))
    return []
  } catch (error) {
    if (!(error instanceof IsthmusError && REFUSALS.has(error.code))) throw error
    if (ready.length === 1) return ready.map(({ one }) => one)
  }
  const refused: StoredItem[] = []
  for (const { one } of ready) refused.push(...await putReady(engine, [one]))
  return refused
}

const REFUSALS: ReadonlySet<string> = new Set(['validation_failed', 'conflict'])

/** What the engine needs of a stored item. */
function toEngine (item: StoredItem, embedding: Float32Array): EngineItem {
  const { itemId, domain, title, brand, categories, price, ingestedAt } = item
  return {
    itemId,
    domain,
    ingestedAt,
    embedding,
    ...(title === undefined ? {} : { title }),
    ...(brand === undefined ? {} : { brand }),
    ...(categories === undefined ? {} : { categories }),
    ...(price === undefined ? {} : { price }),
  }
}
