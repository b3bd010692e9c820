import type { Hit } from '../retrieve/candidate-index.ts'
import { byScore, dot } from '../retrieve/vector-table.ts'
import type { DomainCatalogue, Place } from './catalogue.ts'
import type { NamedItem, NearItem } from './engine.ts'

/**
 * Items of `domain` nearest to one item, which may be of another domain: by the cosine of the global halves, the space
 * that all domains share. A scan in this thread: about 0.1 ms for every 1,000 items.
 * @param width of the global half, the first numbers of an item vector
 */
export function nearestByGlobalHalf (item: Place, domain: DomainCatalogue, width: number, k: number): Hit[] {
  const like = cosineWith(globalHalf(item, width))
  const hits: Hit[] = []
  for (const row of domain.index.vectors.rows()) {
    if (domain === item.domain && row === item.row) continue
    hits.push({ row, score: like(globalHalf({ domain, row }, width)) })
  }
  return hits.sort(byScore).slice(0, k)
}

const NEAR = 3

/**
 * Which items of a history are most like an answered one, by the same cosine; one bought twice is named once. It shows
 * likeness, not the cause: the encoder weighs the whole history.
 */
export function nearestInHistory (item: Place, history: readonly Place[], width: number): NearItem[] {
  const like = cosineWith(globalHalf(item, width))
  const near = [...new Set(history)].map((place): NearItem => {
    return { ...named(place), similarity: like(globalHalf(place, width)) }
  })
  near.sort((a, b) => b.similarity - a.similarity || (a.itemId < b.itemId ? -1 : 1))
  return near.slice(0, NEAR)
}

/** An item as answers name it. */
export function named ({ domain, row }: Place): NamedItem {
  const { itemId, title } = domain.items[row]!
  return { itemId, domain: domain.name, ...(title === undefined ? {} : { title }) }
}

/** The part of an item's vector that all domains share. */
export function globalHalf ({ domain, row }: Place, width: number): Float32Array {
  return domain.index.vectors.vector(row).subarray(0, width)
}

/** The cosine with one vector, whose length is taken once; 0 where either is zero. */
function cosineWith (a: Float32Array): (b: Float32Array) => number {
  const square = dot(a, a)
  return (b) => {
    const lengths = Math.sqrt(square * dot(b, b))
    return lengths === 0 ? 0 : Math.fround(dot(a, b) / lengths)
  }
}
