import { domainOf, trainPrefix } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import type { ChatTask, Json } from '../llm/chat-model.ts'
import { ATTRIBUTES, describe } from '../llm/item-json.ts'
import type { Attributes } from '../llm/item-json.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'
import { GENERATE } from '../llm/prompts/generate.ts'
import type { Clusters } from '../numeric/kmeans.ts'
import { AUGMENT } from './augmentation-files.ts'
import { medoids, representatives } from './representatives.ts'
import type { Representative } from './representatives.ts'

/** One question about a user: what of domain `to` goes with what they chose in domain `from`. */
export interface Direction {
  /** Indices into users and domains. */
  readonly user: number
  readonly from: number
  readonly to: number
  /** What the user chose in `from`, never empty, in order of time. */
  readonly source: readonly Required<Representative>[]
  /** What stands for `to`: the user's own, or the catalogue's medoids where there are none. */
  readonly target: readonly Representative[]
}

type Shop = Pick<Dataset, 'domains' | 'items' | 'users' | 'offsets' | 'events'>

/**
 * Every ordered pair of domains of every user who trains on an item of the first (LLM-EDT, 3.2.1).
 * @param texts     raw text embeddings, row g - 1 for global id g, row-major [items, width]
 * @param clusters  of each domain's rows
 */
export function directionsOf (
  dataset: Shop, texts: Float32Array, clusters: readonly Clusters[]
): Direction[] {
  const { domains } = dataset
  const typical = clusters.map((found, k): Representative[] => {
    const { offset, size } = domains[k]!
    return medoids(texts.subarray(offset * found.width, (offset + size) * found.width), found)
      .map((row) => ({ id: offset + 1 + row }))
  })
  return dataset.users.flatMap((_, user) => {
    const prefix = trainPrefix(dataset, user)
    const own = clusters.map(({ labels }, k) => representatives(prefix, (id) =>
      domainOf(domains, id) === k ? labels[id - domains[k]!.offset - 1] : undefined))
    return own.flatMap((source, from) => source.length === 0
      ? []
      : own.flatMap((other, to): Direction[] => to === from
        ? []
        : [{ user, from, to, source, target: other.length > 0 ? other : typical[to]! }]))
  })
}

export interface AskOptions {
  readonly nGenerate: number
  /** What of an item is shown, by domain; everything where a domain is not named. */
  readonly attributes: Attributes
  readonly nouns: ItemPrompt['nouns']
}

/**
 * The question of a direction; undefined where nothing is known of what the user chose. `retrieve` in its values,
 * global ids and an index of a domain, no prompt shows: it is for the stand-in that looks into the catalogue.
 */
export function generateTask (
  dataset: Shop, { user, from, to, source, target }: Direction, { nGenerate, attributes, nouns }: AskOptions
): ChatTask | undefined {
  const { domains, items, users } = dataset
  const shown = Object.fromEntries(domains.map(({ name }) => [name, attributes[name] ?? ATTRIBUTES]))
  const productsOf = (side: readonly Representative[]): Json[] =>
    side.flatMap(({ id }) => describe(items[id - 1]!, shown) ?? [])
  const noun = (k: number): string => nouns[domains[k]!.name] ?? domains[k]!.name
  const chosen = productsOf(source)
  if (chosen.length === 0) return undefined
  const names = ATTRIBUTES.filter((name) => [from, to].some((k) => shown[domains[k]!.name]!.includes(name)))
  return {
    template: GENERATE.name,
    values: {
      user: users[user]!,
      attributes: names,
      from: noun(from),
      to: noun(to),
      chosen,
      typical: productsOf(target),
      count: nGenerate,
      retrieve: { from: source.map(({ id }) => id), to, have: [...trainPrefix(dataset, user)] },
    },
    step: AUGMENT,
    user: users[user]!,
  }
}
