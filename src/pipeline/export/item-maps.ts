import type { Domain } from '../../data/dataset.ts'
import { foldAdapter, type AffineMap } from '../../nn/adapter.ts'
import { foldDualProjection, foldSingleProjection } from '../../nn/dual-projection.ts'
import { namedWeight } from '../../nn/ops.ts'
import type { Weights } from '../../nn/ops.ts'
import { affineOfPca, fitPca, projectPca } from '../../numeric/pca.ts'
import { affineOfRidge, chooseRidge } from '../../numeric/ridge.ts'
import { PROJECTIONS } from '../../systems/item-tower.ts'
import { readsTexts } from '../../systems/spec.ts'
import type { ItemTower } from '../../systems/spec.ts'
import type { ModelParts } from '../../train/model.ts'
import { rowsOf } from './domain-rows.ts'

/** An affine map from a raw text embedding, as bundles hold it: F row-major [outputs, inputs], then f [outputs]. */
export interface FittedMap {
  readonly values: Float32Array
  /**
   * fold: exact. pca: principal components, with which a table may have begun. ridge: learnt from the trained rows.
   * zero: nothing where a trained item has its row.
   */
  readonly method: 'fold' | 'pca' | 'ridge' | 'zero'
  /** Of `ridge`: its factor, and the share of the variance that it leaves unexplained over five folds. */
  readonly lambda?: number
  readonly unexplained?: number
}

/** Tables with a row for each item. */
export type TableName = 'items.local' | 'items.ids'

/** How an item without a trained row gets its half of a table. */
export type RowMethod = 'ridge' | 'pca' | 'zero'

/** What maps are made from. */
export type MapParts = ModelParts

/** Below this mean relative change of its rows, a table is still what its principal components made it. */
const MOVED = 0.1

/**
 * From a text to the global half: the folded projection of texts, exact, and beside it what `ids` gives where the
 * system has a table over ids. LLM4CDSR as printed has none.
 */
export function itemMap ({ spec, weights }: MapParts, ids: FittedMap | undefined): FittedMap {
  if (!readsTexts(spec.items)) return ids!
  const { matrix, offset } = foldTexts(weights, spec.items)
  const folded = joined(matrix, offset)
  if (ids === undefined) return { values: folded, method: 'fold' }
  return { ...ids, values: ids.values.map((value, i) => value + folded[i]!) }
}

/** From a text to a row of a table, learnt from the items in `among`. */
export function rowMap (
  { settings: { width }, weights, texts }: MapParts, table: TableName, method: RowMethod, among: Int32Array
): FittedMap {
  if (method === 'zero') return { values: new Float32Array(width * texts.width + width), method }
  const x = rowsOf(among, texts.rows, texts.width)
  if (method === 'pca') {
    const { map, offset } = affineOfPca(fitPca(x, texts.width, width))
    return { values: joined(map, offset), method }
  }
  const y = rowsOf(among, namedWeight(weights, table).data, width)
  const { ridge, lambda, unexplained } = chooseRidge({ x, inputs: texts.width, y, outputs: width })
  const { map, offset } = affineOfRidge(ridge)
  return { values: joined(map, offset), method, lambda, unexplained }
}

/** What to do where nothing can be measured: the principal components as long as training hardly moved the table. */
export function defaultMethod (parts: MapParts, domain: Domain): RowMethod {
  const { spec, settings: { width }, weights, texts } = parts
  if (spec.items.local?.init !== 'pca') return 'ridge'
  const ids = itemsOf(domain)
  const rows = rowsOf(ids, texts.rows, texts.width)
  const before = projectPca(fitPca(rows, texts.width, width), rows)
  const after = rowsOf(ids, namedWeight(weights, 'items.local').data, width)
  return relativeChange(before, after, width) < MOVED ? 'pca' : 'ridge'
}

/** From the text of a profile to the global half of a user vector, or undefined where none were trained with. */
export function profileMap ({ spec, weights }: MapParts): FittedMap | undefined {
  if (!spec.losses.some(({ on }) => 'users' in on)) return undefined
  const { matrix, offset } = foldAdapter(weights, 'user.adapter')
  return { values: joined(matrix, offset), method: 'fold' }
}

/** The global ids of a domain. */
export function itemsOf ({ offset, size }: Domain): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => offset + 1 + i)
}

function foldTexts (weights: Weights, { global }: ItemTower): AffineMap {
  if (global === 'dual') return foldDualProjection(weights, PROJECTIONS)
  if (global === 'projection') return foldSingleProjection(weights, PROJECTIONS)
  return foldAdapter(weights, 'items.adapter')
}

/** Mean over rows of |after - before| / |before|; a row that began at zero counts as moved. */
function relativeChange (before: Float32Array, after: Float32Array, width: number): number {
  const count = before.length / width
  let sum = 0
  for (let row = 0; row < count; row++) {
    let change = 0
    let length = 0
    for (let i = row * width; i < (row + 1) * width; i++) {
      change += (after[i]! - before[i]!) ** 2
      length += before[i]! ** 2
    }
    sum += length === 0 ? Math.sign(change) : Math.sqrt(change / length)
  }
  return sum / count
}

function joined (map: Float32Array, offset: Float32Array): Float32Array {
  const values = new Float32Array(map.length + offset.length)
  values.set(map)
  values.set(offset, map.length)
  return values
}
