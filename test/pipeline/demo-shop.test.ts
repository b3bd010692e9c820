import { describe, expect, it } from 'vitest'
import { generateShop } from '../../src/pipeline/demo-shop.ts'
import type { ShopEvent } from '../../src/pipeline/demo-shop.ts'

const shop = generateShop({ seed: 42, users: 3_200 })
const histories = byUser(shop.events)

function byUser (events: readonly ShopEvent[]): Map<string, ShopEvent[]> {
  const found = new Map<string, ShopEvent[]>()
  for (const event of events) found.set(event.userId, [...found.get(event.userId) ?? [], event])
  return found
}

describe('the generated shop', () => {
  it('is large enough, with ids that readers can guess', () => {
    const ids = shop.items.map(({ item_id: id }) => id)
    expect(ids.length).toBeGreaterThanOrEqual(2_000)
    expect(histories.size).toBe(3_200)
    for (const id of ['sport-0001', 'sport-0002', 'cloth-0001', 'cloth-1000']) expect(ids).toContain(id)
    expect([...histories.keys()].slice(0, 2)).toEqual(['u0001', 'u0002'])
    expect(new Set(ids).size).toBe(ids.length)
    expect(shop.items.every(({ item_id: id, domain }) => id.startsWith(`${domain}-`))).toBe(true)
  })

  it('is the same for the same seed, and another for another', () => {
    expect(generateShop({ seed: 7, users: 20 })).toEqual(generateShop({ seed: 7, users: 20 }))
    expect(generateShop({ seed: 8, users: 20 })).not.toEqual(generateShop({ seed: 7, users: 20 }))
  })

  it('sells everything, at a price, under a title of its own but for a few', () => {
    const sold = new Set(shop.events.map(({ item }) => item.item_id))
    expect(sold.size).toBe(shop.items.length)
    expect(shop.items.every(({ price, title, brand = '' }) => price > 0 && title.startsWith(brand))).toBe(true)
    expect(new Set(shop.items.map(({ title }) => title)).size).toBeGreaterThan(shop.items.length * 0.97)
  })

  it('has entries that say little, as real catalogues have', () => {
    const share = (field: 'brand' | 'categories'): number =>
      shop.items.filter((item) => item[field] === undefined).length / shop.items.length
    expect(share('categories')).toBeCloseTo(0.35, 1)
    expect(share('brand')).toBeGreaterThan(share('categories'))
    expect(share('brand')).toBeLessThan(0.6)
  })

  it('has shoppers who buy nothing twice and never two things at one moment', () => {
    for (const history of histories.values()) {
      expect(history.length).toBeGreaterThanOrEqual(8)
      expect(new Set(history.map(({ item }) => item)).size).toBe(history.length)
      expect(history.every(({ timestamp }, i) => i === 0 || timestamp > history[i - 1]!.timestamp)).toBe(true)
      expect(history.at(-1)!.timestamp).toBeLessThan(Date.UTC(2025, 0))
    }
  })

  it('has most shoppers in both domains and some in one alone', () => {
    const domains = [...histories.values()].map((history) => new Set(history.map(({ item }) => item.domain)).size)
    const inBoth = domains.filter((count) => count === 2).length / histories.size
    expect(inBoth).toBeGreaterThan(0.75)
    expect(inBoth).toBeLessThan(0.95)
  })

  it('lets a purchase in one domain tell of purchases in the other', () => {
    const first = (history: readonly ShopEvent[], domain: string): string[] =>
      history.filter(({ item }) => item.domain === domain && item.brand !== undefined)
        .slice(0, 1).map(({ item }) => item.brand!)
    const pairs = [...histories.values()].map((history) => [first(history, 'sport'), first(history, 'cloth')].flat())
      .filter((brands) => brands.length === 2)
    const same = pairs.filter(([sport, cloth]) => sport === cloth).length
    const ofStrangers = pairs.filter(([sport], i) => sport === pairs[(i + 1) % pairs.length]![1]).length
    expect(same).toBeGreaterThan(2 * ofStrangers)
  })
})
