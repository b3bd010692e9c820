import type { Hit } from '../retrieve/candidate-index.ts'
import { byScore, dot } from '../retrieve/vector-table.ts'
import type { DomainCatalogue, Place } from './catalogue.ts'

/**
 * Items of `domain` nearest to one item, which may be of another domain: by the cosine of the global halves, the space
 * that all domains share. A scan in this thread: about 0.1 ms for every 1,000 items.
 * @param width of the global half, the first numbers of an item vector
 */
export function nearestByGlobalHalf (item: Place, domain: DomainCatalogue, width: number, k: number): Hit[] {
  const query = item.domain.vectors.vector(item.row).subarray(0, width)
  const hits: Hit[] = []
  for (const row of domain.vectors.rows()) {
    if (domain === item.domain && row === item.row) continue
    const other = domain.vectors.vector(row).subarray(0, width)
    const lengths = Math.sqrt(dot(query, query) * dot(other, other))
    hits.push({ row, score: lengths === 0 ? 0 : Math.fround(dot(query, other) / lengths) })
  }
  return hits.sort(byScore).slice(0, k)
}
