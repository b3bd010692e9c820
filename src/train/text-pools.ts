import type { Dataset } from '../data/dataset.ts'
import { kMeans } from '../numeric/kmeans.ts'
import { createRandom } from '../random.ts'
import type { ItemTexts } from '../systems/initial-weights.ts'
import type { SystemSpec, TextPool } from '../systems/spec.ts'

/** Parts of a domain have nothing to do with the seed of a run: several runs compare the same. */
const CLUSTERING = { seed: 42, restarts: 2, iterations: 50 }

/** Global ids of the items in each of a spec's text pools, ascending; pools without items are left out. */
export function textPools (
  { domains }: Pick<Dataset, 'domains'>, { textPools: pools = [] }: SystemSpec, texts: ItemTexts, seed: number
): Int32Array[] {
  const labels = new Map<number, Int32Array>()
  const partsOf = (domain: number, parts: number): Int32Array => {
    const known = labels.get(domain)
    if (known !== undefined) return known
    const { offset, size } = domains[domain]!
    const rows = texts.rows.subarray(offset * texts.width, (offset + size) * texts.width)
    const found = kMeans(rows, texts.width, parts, CLUSTERING).labels
    labels.set(domain, found)
    return found
  }
  return pools.map((pool: TextPool): Int32Array => {
    const { offset, size } = domains[pool.domain]!
    const { part, most = size } = pool
    const ids = Int32Array.from({ length: size }, (_, i) => offset + 1 + i)
      .filter((_, i) => part === undefined || partsOf(pool.domain, part.of)[i] === part.index)
    if (ids.length <= most) return ids
    return createRandom(seed, `texts/${pool.name}`).shuffle(ids).slice(0, most).sort()
  }).filter((ids) => ids.length > 0)
}
