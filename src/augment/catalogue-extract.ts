import { domainOf } from '../data/dataset.ts'
import type { Dataset, Item } from '../data/dataset.ts'
import type { Json, PromptValues } from '../llm/chat-model.ts'
import type { Product } from '../llm/prompts/generate.ts'
import type { Direction } from './directions.ts'
import type { UnitRows } from './filter.ts'
import { nearestItems, pickRows } from './neighbours.ts'
import type { Neighbour, NeighbourOptions } from './neighbours.ts'

/** Of an item's neighbours more are kept than are asked for: some of them a user has already. */
const SPARE = 4

/**
 * How `extractive` answers the question of a direction: with the items of the catalogue that are nearest to any of
 * those that the user chose, but none of the training prefix. It never looks at the user's last two events.
 * @param texts  unit vectors of the catalogue, row g - 1 for global id g
 */
export async function catalogueExtract (
  dataset: Pick<Dataset, 'domains' | 'items'>, texts: UnitRows, directions: readonly Direction[], count: number,
  options: NeighbourOptions = {}
): Promise<(values: PromptValues) => Json> {
  const { domains, items } = dataset
  const near = new Map<string, readonly Neighbour[]>()
  let done = 0
  for (const [to, domain] of domains.entries()) {
    const ids = sourcesOf(directions, to)
    const before = done
    const found = await nearestItems(pickRows(texts, ids.map((id) => id - 1)), texts, domain, SPARE * count, {
      ...options, ...(options.onProgress && { onProgress: (rows) => options.onProgress?.(before + rows) }),
    })
    for (const [i, id] of ids.entries()) near.set(`${id}/${to}`, found[i]!)
    done += ids.length
  }

  return ({ retrieve }) => {
    // Put there by `generateTask`.
    const { from, to, have } = retrieve as unknown as { from: number[], to: number, have: number[] }
    const best = new Map<number, number>()
    for (const id of from) {
      for (const { id: found, cosine } of near.get(`${id}/${to}`) ?? []) {
        if (cosine > (best.get(found) ?? -Infinity)) best.set(found, cosine)
      }
    }
    for (const id of have) if (domainOf(domains, id) === to) best.delete(id)
    const order = [...best].sort(([a, one], [b, other]) => other - one || a - b)
    return { products: order.flatMap(([id]) => productOf(items[id - 1]!) ?? []).slice(0, count) }
  }
}

/** How many items of all domains the extract looks for neighbours of. */
export function countSources (dataset: Pick<Dataset, 'domains'>, directions: readonly Direction[]): number {
  return dataset.domains.reduce((sum, _, to) => sum + sourcesOf(directions, to).length, 0)
}

function sourcesOf (directions: readonly Direction[], to: number): number[] {
  return [...new Set(directions.filter((one) => one.to === to).flatMap(({ source }) => source.map(({ id }) => id)))]
}

function productOf ({ title, brand, categories = [], price, features = [], description }: Item): Product | undefined {
  if (title === undefined) return undefined
  return {
    title,
    brand: brand ?? null,
    categories: [...categories],
    price: price ?? null,
    features: [...features],
    description: description ?? null,
  }
}
