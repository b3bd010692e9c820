import type { Hit } from '../retrieve/candidate-index.ts'
import type { DomainCatalogue, Place } from './catalogue.ts'
import type { RankedItem, RecommendJob } from './engine.ts'
import { matches } from './item-filter.ts'
import { named } from './similar.ts'

/** Scores in falling order, equal ones by itemId: rows of posted items are not in the order of their ids. */
export function rank (domain: DomainCatalogue, hits: readonly Hit[]): RankedItem[] {
  const items = hits.map(({ row, score }) => ({ ...named({ domain, row }), score }))
  items.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
  return items.map((item, i) => ({ ...item, rank: i + 1 }))
}

/** The domain's popular items that a job admits. @param hidden rows that must not be answered */
export function popularHits (
  domain: DomainCatalogue, { k, filter }: RecommendJob, hidden: ReadonlySet<number>, places: ReadonlyMap<string, Place>
): Hit[] {
  const hits: Hit[] = []
  for (const [itemId, score] of domain.popular) {
    if (hits.length === k) break
    const place = places.get(itemId)
    if (place === undefined || hidden.has(place.row)) continue
    if (filter === undefined || matches(domain.items[place.row]!, filter)) hits.push({ row: place.row, score })
  }
  return hits
}
