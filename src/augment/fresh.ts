import type { Dataset, Item } from '../data/dataset.ts'
import { itemText } from '../llm/item-prompt.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'
import type { UnitRows } from './filter.ts'
import { pickRows } from './neighbours.ts'
import type { Candidate } from './read-answers.ts'

export interface FreshItems {
  /** All candidates; every kept one has an id now. */
  readonly candidates: readonly Candidate[]
  readonly items: readonly Item[]
  /** Raw vectors of `items`. */
  readonly vectors: UnitRows
}

/**
 * Numbers the kept candidates that no item of the catalogue stands for as fresh items, by domain, after all items of
 * the catalogue; equal texts of one domain are one item.
 * @param embedded  by candidate, whether it was kept before grounding
 * @param vectors   raw vectors of those, in their order
 */
export function freshItems (
  { domains, items }: Pick<Dataset, 'domains' | 'items'>, candidates: readonly Candidate[], embedded: readonly boolean[],
  vectors: UnitRows, prompt: ItemPrompt
): FreshItems {
  let row = 0
  const rows = candidates.map((_, i) => embedded[i] === true ? row++ : -1)
  const keyOf = ({ item }: Candidate): string => `${item.domain}/${itemText(prompt, item.domain, item).text}`
  const isFresh = ({ outcome, id }: Candidate): boolean => outcome === 'kept' && id === undefined
  const ids = new Map<string, number>()
  const fresh: Item[] = []
  const taken: number[] = []
  for (const [k, { name }] of domains.entries()) {
    let count = 0
    for (const [i, one] of candidates.entries()) {
      const key = keyOf(one)
      if (one.direction.to !== k || !isFresh(one) || ids.has(key)) continue
      fresh.push({ itemId: `synthetic:${name}:${++count}`, ...one.item })
      taken.push(rows[i]!)
      ids.set(key, items.length + fresh.length)
    }
  }
  return {
    candidates: candidates.map((one) => isFresh(one) ? { ...one, id: ids.get(keyOf(one))! } : one),
    items: fresh,
    vectors: pickRows(vectors, taken),
  }
}
