import { type BundleItem, files } from '../bundle/layout.ts'
import type { BundleDomain } from '../bundle/manifest.ts'
import type { Bundle } from '../bundle/open.ts'
import { type AffineMap, affineLength, createItemProjector, type ItemProjector } from '../encode/item-projector.ts'
import { openUserEncoder, type UserEncoder } from '../encode/user-encoder.ts'
import { IsthmusError } from '../errors.ts'
import type { CandidateIndex } from '../retrieve/candidate-index.ts'
import { openExactIndex } from '../retrieve/exact.ts'
import { openIndex, type OpenIndexOptions, type RowNames } from '../retrieve/open-index.ts'
import { parsePopularity } from '../retrieve/popularity.ts'
import type { FilterFields } from './item-filter.ts'
import type { Pause } from './pauses.ts'

/** An item as the engine holds it; its row is its place in `DomainCatalogue.items`. */
export interface CatalogueItem extends BundleItem, FilterFields {
  readonly posted: boolean
}

/** One domain, loaded: items, their vectors, and what searches them. */
export interface DomainCatalogue {
  readonly name: string
  readonly items: CatalogueItem[]
  readonly index: CandidateIndex
  readonly encoder: UserEncoder
  readonly projector: ItemProjector
  /** Item ids, most popular first. */
  readonly popular: ReadonlyArray<readonly [itemId: string, score: number]>
}

/** Where an item is. */
export interface Place { readonly domain: DomainCatalogue, readonly row: number }

export interface OpenCatalogueOptions extends OpenIndexOptions {
  readonly pause: Pause
}

/** Loads one domain of a verified bundle. Fails with the `artefact_*` codes where its files do not fit together. */
export async function openCatalogue (
  bundle: Bundle, domain: BundleDomain, global: AffineMap, rowOf: RowNames['rowOf'],
  options: OpenCatalogueOptions
): Promise<DomainCatalogue> {
  const { encoder: facts, embedder } = bundle.manifest
  const { name } = domain
  const { pause } = options
  const width = facts.globalWidth + facts.localWidth
  const items = parseItems(await bundle.readText(files.items(name)), files.items(name), domain.items)
  await pause()
  const base = await bundle.readFloats(files.vectors(name), items.length * width)
  const local = facts.localWidth === 0
    ? undefined
    : {
        inWidth: embedder.width,
        outWidth: facts.localWidth,
        values: await bundle.readFloats(files.localMap(name), affineLength(embedder.width, facts.localWidth)),
      }
  await pause()
  const popularity = parsePopularity(await bundle.readText(files.popularity(name)), files.popularity(name))
  const encoder = await openUserEncoder(await bundle.read(files.encoder(name)), facts, {
    provider: options.provider, file: files.encoder(name),
  })
  try {
    await pause()
    return {
      name,
      items,
      index: await openIndex(bundle, name, base, width, { nameOf: (row) => items[row]!.itemId, rowOf }, options),
      encoder,
      projector: createItemProjector(global, local, facts.itemNorm),
      popular: popularity.items,
    }
  } catch (error) {
    await encoder.close()
    throw error
  }
}

/**
 * A domain that the bundle has nothing of, by the encoder and the projector of one that it has, which know no domain.
 * It is searched exactly whatever its size, and the encoder stays the other's: closing it closes both.
 */
export async function emptyCatalogue (
  name: string, { encoder, projector }: DomainCatalogue, provider: OpenIndexOptions['provider']
): Promise<DomainCatalogue> {
  const nothing = new Float32Array(0)
  return {
    name,
    items: [],
    index: await openExactIndex(nothing, projector.width, { provider }),
    encoder: { ...encoder, close: async () => {} },
    projector,
    popular: [],
  }
}

function parseItems (text: string, file: string, count: number): CatalogueItem[] {
  const items = text.split('\n').filter((line) => line !== '').map((line, i): CatalogueItem => {
    const value = parseLine(line, file, i + 1)
    return { ...value, posted: false }
  })
  const sorted = items.every(({ itemId }, i) => i === 0 || items[i - 1]!.itemId < itemId)
  if (items.length === count && sorted) return items
  throw new IsthmusError('artefact_invalid', `${file} does not hold ${count} items in the order of their ids`, {
    place: { file },
  })
}

function parseLine (line: string, file: string, number: number): BundleItem {
  try {
    const value: unknown = JSON.parse(line)
    if (isItem(value)) return value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new IsthmusError('artefact_invalid', `${file}:${number} is no item`, { place: { file, line: number } })
}

function isItem (value: unknown): value is BundleItem {
  if (typeof value !== 'object' || value === null) return false
  const { itemId, title, brand, categories, price } = value as Record<string, unknown>
  const text = (field: unknown): boolean => field === undefined || typeof field === 'string'
  return typeof itemId === 'string' && text(title) && text(brand) &&
    (price === undefined || Number.isFinite(price)) &&
    (categories === undefined || (Array.isArray(categories) && categories.every(text)))
}
