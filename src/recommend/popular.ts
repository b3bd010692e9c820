import type { Engine, ItemFilter, RankedItem } from './engine.ts'
import { matches } from './item-filter.ts'

/** What an answer without the engine must keep to. */
export interface PopularWant {
  readonly k: number
  readonly without: ReadonlySet<string>
  readonly filter?: ItemFilter | undefined
}

/** What can be answered without the engine: each domain's most popular items, kept in this thread's memory. */
export interface PopularList {
  top: (domain: string, want: PopularWant) => RankedItem[]
  /** Takes an item that was deleted out of later answers. */
  remove: (itemId: string) => void
}

/** Enough that excluding 500 items still leaves a full answer. */
const KEPT = 1000

/** Asks the engine once, before traffic. */
export async function readPopular (engine: Engine): Promise<PopularList> {
  const lists = await Promise.all(engine.domains.map(async (domain) => {
    const { items } = await engine.recommend({ domain, history: [], k: KEPT, exclude: [], excludeSeen: false })
    const views = await Promise.all(items.map(async ({ itemId }) => await engine.describe(itemId)))
    return [domain, items.map((item, i) => ({ item, view: views[i] }))] as const
  }))
  const byDomain = new Map(lists)
  const removed = new Set<string>()
  return {
    top (domain, { k, without, filter }) {
      const best: RankedItem[] = []
      for (const { item, view } of byDomain.get(domain) ?? []) {
        if (best.length === k) break
        if (removed.has(item.itemId) || without.has(item.itemId)) continue
        if (filter !== undefined && !matches(view ?? {}, filter)) continue
        best.push({ ...item, rank: best.length + 1 })
      }
      return best
    },
    remove (itemId) {
      removed.add(itemId)
    },
  }
}
