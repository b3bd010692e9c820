import type { BundleItem } from '../../bundle/layout.ts'
import type { Dataset, Domain, Item } from '../../data/dataset.ts'

/** One domain as a bundle holds it: rows in the order of their ids, so that equal scores fall as the API says. */
export interface DomainRows {
  readonly name: string
  readonly domain: Domain
  /** The global id of each row. */
  readonly ids: Int32Array
  readonly items: readonly BundleItem[]
  /** The row of a global id of this domain. */
  rowOf: (id: number) => number
}

/** All domains in the dataset's order. */
export function domainRows ({ domains, items }: Pick<Dataset, 'domains' | 'items'>): DomainRows[] {
  return domains.map((domain) => {
    const itemOf = (id: number): Item => items[id - 1]!
    const ids = Int32Array.from({ length: domain.size }, (_, i) => domain.offset + 1 + i)
      .sort((a, b) => itemOf(a).itemId < itemOf(b).itemId ? -1 : 1)
    const rows = new Int32Array(domain.size)
    for (const [row, id] of ids.entries()) rows[id - domain.offset - 1] = row
    return {
      name: domain.name,
      domain,
      ids,
      items: Array.from(ids, (id) => bundleItem(itemOf(id))),
      rowOf: (id) => rows[id - domain.offset - 1]!,
    }
  })
}

/** Rows of a table over all items (row g - 1 for global id g), in the order of `ids`. */
export function rowsOf (ids: Int32Array, table: Float32Array, width: number): Float32Array {
  const rows = new Float32Array(ids.length * width)
  for (const [row, id] of ids.entries()) rows.set(table.subarray((id - 1) * width, id * width), row * width)
  return rows
}

/** What a bundle keeps of an item. */
export function bundleItem ({ itemId, title, brand, categories, price }: Item): BundleItem {
  return {
    itemId,
    ...(title !== undefined && { title }),
    ...(brand !== undefined && { brand }),
    ...(categories !== undefined && { categories }),
    ...(price !== undefined && { price }),
  }
}
