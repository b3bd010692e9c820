import type { DomainCatalogue } from './catalogue.ts'
import type { NamedItem, SearchJob, SearchResult } from './engine.ts'
import { named } from './similar.ts'

/** Titles read in one call: some milliseconds, which a recommendation may have to wait. */
const MOST_READ = 10_000

/**
 * Items of a domain whose title or id holds every word, in the order of the catalogue. No index is kept for it: a call
 * reads a bounded part of the titles, and says where the next one goes on.
 */
export function searchTitles (domain: DomainCatalogue, { words, k, from }: SearchJob): SearchResult {
  const wanted = words.map(fold)
  const items: NamedItem[] = []
  const end = Math.min(domain.items.length, from + MOST_READ)
  for (let row = from; row < end; row++) {
    const item = domain.items[row]
    if (item === undefined || !domain.index.vectors.isLive(row)) continue
    const text = fold(`${item.title ?? ''}\n${item.itemId}`)
    if (!wanted.every((word) => text.includes(word))) continue
    if (items.length === k) return { items, next: row }
    items.push(named({ domain, row }))
  }
  return { items, ...(end < domain.items.length ? { next: end } : {}) }
}

/** Without case and marks: `Crème` is found by `creme`. */
function fold (text: string): string {
  // eslint-disable-next-line no-control-regex -- what is plain is a tenth of the work
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
