import type { Dataset, Item } from '../data/dataset.ts'
import type { ChatAnswer } from '../llm/chat-model.ts'
import type { Products } from '../llm/prompts/generate.ts'
import type { Direction } from './directions.ts'
import type { Score } from './filter.ts'
import { itemOfProduct, titleKey } from './products.ts'

/** What became of a generated item, in the order in which it is decided. */
export const OUTCOMES = [
  'kept', 'noTitle', 'repeatsSample', 'inCatalogue', 'repeated', 'belowRank', 'belowTau', 'belowMinR', 'notInjected',
  'hadAlready',
] as const
export type Outcome = typeof OUTCOMES[number]

/** A generated item on its way through the filter. */
export interface Candidate {
  readonly direction: Direction
  readonly item: Omit<Item, 'itemId'>
  readonly outcome: Outcome
  readonly score?: Score
  /** The item of the catalogue that stands for it. */
  readonly grounded?: { readonly id: number, readonly cosine: number }
  /** Global id that was inserted. */
  readonly id?: number
}

/**
 * The items in the answers, at most `most` of each. Dropped are those whose title is that of a product in the prompt,
 * of one in the catalogue (unless `fromCatalogue`: then all are), or of another one generated for the same user.
 */
export function readAnswers (
  { domains, items }: Pick<Dataset, 'domains' | 'items'>, directions: readonly Direction[],
  answers: ReadonlyArray<ChatAnswer | undefined>, { most, fromCatalogue }: { most: number, fromCatalogue: boolean }
): Candidate[] {
  const titles = (ids: Iterable<number>): Set<string> =>
    new Set([...ids].flatMap((id) => items[id - 1]!.title ?? []).map(titleKey))
  const catalogue = domains.map(({ offset, size }) =>
    titles(Array.from({ length: fromCatalogue ? 0 : size }, (_, i) => offset + 1 + i)))
  const given = new Map<number, Set<string>>()
  return directions.flatMap((direction, i) => {
    const { user, to, source, target } = direction
    // The template's schema, checked by the chat model.
    const { products = [] } = (answers[i]?.value ?? {}) as Partial<Products>
    const samples = titles([...source, ...target].map(({ id }) => id))
    const mine = given.get(user) ?? new Set()
    given.set(user, mine)
    return products.slice(0, most).map((product): Candidate => {
      const domain = domains[to]!.name
      const item = itemOfProduct(product, domain)
      if (item?.title === undefined) return { direction, item: { domain }, outcome: 'noTitle' }
      const key = titleKey(item.title)
      const outcome = samples.has(key)
        ? 'repeatsSample'
        : catalogue[to]!.has(key) ? 'inCatalogue' : mine.has(key) ? 'repeated' : 'kept'
      mine.add(key)
      return { direction, item, outcome }
    })
  })
}
