import type { Domain } from '../data/dataset.ts'
import { adapterWeights } from '../nn/adapter.ts'
import { bottleneckWeights } from '../nn/bottleneck.ts'
import { dualProjectionWeights } from '../nn/dual-projection.ts'
import { constant } from '../nn/init.ts'
import type { Weight, Weights } from '../nn/ops.ts'
import { patternFusionWeights } from '../nn/pattern-fusion.ts'
import { fitPca, projectPca } from '../numeric/pca.ts'
import { createRandom } from '../random.ts'
import { FUSION } from './encode-user.ts'
import { PROJECTIONS } from './item-tower.ts'
import { domainRoles } from './recg/domains.ts'
import { recgSettings } from './recg/settings.ts'
import { centreProjections, quietBlocks } from './recg/start.ts'
import { threadWeights } from './read-thread.ts'
import type { Settings } from './settings.ts'
import { readsIds, readsTexts } from './spec.ts'
import type { SystemSpec } from './spec.ts'

/** Frozen text embeddings of all items, fresh ones last: row g - 1 for global id g, row-major [items, width]. */
export interface ItemTexts {
  readonly width: number
  readonly rows: Float32Array
}

/** Raw text embeddings of users' profiles, by the embedder of the items. */
export interface UserProfiles {
  readonly width: number
  /** Row u for user u, row-major [users, width]. */
  readonly rows: Float32Array
  /** 1 for users with a profile, else 0: [users]. */
  readonly known: ArrayLike<number>
}

/** Deviation of a table row's elements at the start, where nothing better is known. */
const TABLE_DEVIATION = 0.02

/**
 * Every weight of a system before training. Each part draws from a stream of its own, so that an ablation that drops
 * one part leaves the start of the others as it was.
 */
export function initialWeights (
  spec: SystemSpec, settings: Settings, domains: readonly Domain[], texts: ItemTexts
): Map<string, Weight> {
  const { width, seed } = settings
  const items = domains.reduce((sum, { size, fresh }) => sum + size + (fresh?.size ?? 0), 0)
  const weights = new Map<string, Weight>()
  const put = (more: Weights | ReadonlyArray<[string, Weight]>): void => {
    for (const [name, weight] of more) weights.set(name, weight)
  }

  const { global } = spec.items
  if (global === 'dual' || global === 'projection') {
    const random = createRandom(seed, `init/${PROJECTIONS}`)
    put(dualProjectionWeights(PROJECTIONS, texts.width, width, random, { merged: global === 'dual' }))
  } else if (readsTexts(spec.items)) {
    put(adapterWeights('items.adapter', texts.width, width, createRandom(seed, 'init/items.adapter')))
  }
  if (readsIds(spec.items)) put([['items.ids', randomTable(items, width, seed, 'init/items.ids')]])
  if (spec.items.local !== undefined) {
    const table = spec.items.local.init === 'pca'
      ? componentTable(domains, texts, width)
      : randomTable(items, width, seed, 'init/items.local')
    put([['items.local', table]])
  }
  for (const thread of spec.threads) {
    const { name, out } = thread
    put(threadWeights(thread, settings, createRandom(seed, `init/${name}`)))
    if (out === undefined) continue
    const { adapterSize = width, adapterStart = 'zero' } = settings
    put(bottleneckWeights(out.name, width, adapterSize, createRandom(seed, `init/${out.name}`), adapterStart))
  }
  const recg = recgSettings(settings)
  if (recg?.start === 'similarity') {
    centreProjections(weights, texts, domainRoles(recg, domains).sources.map((k) => domains[k]!))
    if (settings.backbone === 'sasrec') quietBlocks(weights)
  }
  if (spec.fusion === 'pattern') put(patternFusionWeights(FUSION, settings.patterns ?? 0, width))
  if (spec.losses.some(({ on }) => 'users' in on)) {
    // Profiles are embedded as items are.
    put(adapterWeights('user.adapter', texts.width, width, createRandom(seed, 'init/user.adapter')))
  }
  if (spec.items.norm === 'unit') put([['temperature', constant([1], Math.log(settings.temperature))]])
  return weights
}

/** Row g - 1 for global id g: the first principal components of the item's text among those of its domain. */
function componentTable (domains: readonly Domain[], texts: ItemTexts, width: number): Weight {
  const textsOf = ({ offset, size }: { offset: number, size: number }): Float32Array =>
    texts.rows.subarray(offset * texts.width, (offset + size) * texts.width)
  const count = texts.rows.length / texts.width
  const data = new Float32Array(count * width)
  for (const domain of domains) {
    const components = fitPca(textsOf(domain), texts.width, width)
    const ranges = domain.fresh === undefined ? [domain] : [domain, domain.fresh]
    for (const range of ranges) data.set(projectPca(components, textsOf(range)), range.offset * width)
  }
  return { shape: [count, width], data }
}

function randomTable (rows: number, width: number, seed: number, use: string): Weight {
  const random = createRandom(seed, use)
  const data = Float32Array.from({ length: rows * width }, () => TABLE_DEVIATION * random.normal())
  return { shape: [rows, width], data }
}
