import type { Item } from '../data/dataset.ts'
import { tidyText } from '../data/text.ts'
import type { Product } from '../llm/prompts/generate.ts'

/** The service's limits, in code points, as `prepare` has them for items of the catalogue. */
const LIMITS = { title: 512, name: 256, feature: 1_024, description: 4_096, list: 100, price: 1e12 }

/** A made-up product as an item of its domain; undefined where nothing visible is left of its title. */
export function itemOfProduct (product: Product, domain: string): Omit<Item, 'itemId'> | undefined {
  const line = (text: string | null, limit: number): string | undefined =>
    text === null ? undefined : tidyText(text, limit)
  const list = (texts: readonly string[], limit: number): string[] | undefined => {
    const known = texts.slice(0, LIMITS.list).flatMap((text) => tidyText(text, limit) ?? [])
    return known.length === 0 ? undefined : known
  }
  const title = line(product.title, LIMITS.title)
  if (title === undefined) return undefined
  const known = Object.entries({
    title,
    brand: line(product.brand, LIMITS.name),
    categories: list(product.categories, LIMITS.name),
    price: priceOf(product.price),
    features: list(product.features, LIMITS.feature),
    description: line(product.description, LIMITS.description),
  }).filter(([, value]) => value !== undefined)
  return { domain, ...Object.fromEntries(known) }
}

/** Titles are the same where they are but for case and spaces. */
export function titleKey (title: string): string {
  return title.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase()
}

function priceOf (price: number | string | null): number | undefined {
  const value = typeof price === 'string' ? Number(/\d+(\.\d+)?/.exec(price)?.[0] ?? Number.NaN) : price
  return value !== null && value >= 0 && value <= LIMITS.price ? value : undefined
}
