import { describe, expect, it } from 'vitest'
import type { CatalogueItem, DomainCatalogue } from '../../src/recommend/catalogue.ts'
import { searchTitles } from '../../src/recommend/search.ts'

describe('a search of a large domain', () => {
  it('reads a bounded part of it in one call, and goes on where it ended until all is read', () => {
    let read = 0
    const items = Array.from({ length: 25_000 }, (_, i): CatalogueItem => ({
      itemId: `i${i}`, posted: false, get title () { read++; return i % 5000 === 4999 ? `needle ${i}` : 'hay' },
    }))
    const domain = { name: 'big', items, index: { vectors: { isLive: () => true } } } as unknown as DomainCatalogue
    const found: string[] = []
    const calls: number[] = []
    for (let from: number | undefined = 0; from !== undefined;) {
      const before = read
      const { items: some, next }: ReturnType<typeof searchTitles> = searchTitles(domain, { domain: 'big', words: ['needle'], k: 10, from })
      found.push(...some.map(({ itemId }) => itemId))
      calls.push(read - before)
      from = next
    }
    expect(found).toEqual(['i4999', 'i9999', 'i14999', 'i19999', 'i24999'])
    expect(calls.length).toBe(3)
    expect(Math.max(...calls)).toBeLessThanOrEqual(10_002)
  })
})
