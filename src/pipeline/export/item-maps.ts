import type { Domain } from '../../data/dataset.ts'
import { foldAdapter } from '../../nn/adapter.ts'
import type { AffineMap } from '../../nn/adapter.ts'
import { foldDualProjection, foldSingleProjection } from '../../nn/dual-projection.ts'
import { namedWeight } from '../../nn/ops.ts'
import type { Weights } from '../../nn/ops.ts'
import { affineOfPca, fitPca, projectPca } from '../../numeric/pca.ts'
import { affineOfRidge, chooseRidge } from '../../numeric/ridge.ts'
import { PROJECTIONS } from '../../systems/item-tower.ts'
import { readsIds, readsTexts } from '../../systems/spec.ts'
import type { ItemTower } from '../../systems/spec.ts'
import type { Run } from '../train.ts'

/** An affine map from a raw text embedding, as bundles hold it: F row-major [outputs, inputs], then f [outputs]. */
export interface FittedMap {
  readonly values: Float32Array
  /** fold: exact. pca: the start of a table that training hardly moved. ridge: learnt from the trained rows. */
  readonly method: 'fold' | 'pca' | 'ridge'
  /** Of `ridge`: its factor, and the share of the variance that it leaves unexplained over five folds. */
  readonly lambda?: number
  readonly unexplained?: number
}

type Parts = Pick<Run, 'spec' | 'settings' | 'weights' | 'dataset' | 'texts'>

/** Below this mean relative change of its rows, a table is still what its principal components made it. */
const MOVED = 0.1

/**
 * From a text to the global half: the adapter itself where texts are all that it is made of; where ids have a table,
 * what ridge regression makes of the table's rows (LLM4CDSR has no such table; for the others it is the best guess).
 */
export function itemMap ({ spec, settings, weights, texts }: Parts): FittedMap {
  const inputs = texts.width
  const folded = readsTexts(spec.items) ? foldTexts(weights, spec.items) : undefined
  if (folded !== undefined && !readsIds(spec.items)) {
    return { values: joined(folded.matrix, folded.offset), method: 'fold' }
  }
  const ids = namedWeight(weights, 'items.ids').data
  const learnt = ridgeMap(texts.rows, inputs, ids, settings.width)
  if (folded === undefined) return learnt
  const values = learnt.values.slice()
  for (const [i, value] of joined(folded.matrix, folded.offset).entries()) values[i] = values[i]! + value
  return { ...learnt, values }
}

function foldTexts (weights: Weights, { global }: ItemTower): AffineMap {
  if (global === 'dual') return foldDualProjection(weights, PROJECTIONS)
  if (global === 'projection') return foldSingleProjection(weights, PROJECTIONS)
  return foldAdapter(weights, 'items.adapter')
}

/** From a text to the local half of one domain, or undefined where the system has none. */
export function localMap ({ spec, settings, weights, texts }: Parts, { offset, size }: Domain): FittedMap | undefined {
  if (spec.items.local === undefined) return undefined
  const { width } = settings
  const rows = texts.rows.subarray(offset * texts.width, (offset + size) * texts.width)
  const table = namedWeight(weights, 'items.local').data.subarray(offset * width, (offset + size) * width)
  if (spec.items.local.init === 'pca') {
    const pca = fitPca(rows, texts.width, width)
    if (relativeChange(projectPca(pca, rows), table, width) < MOVED) {
      const { map, offset: shift } = affineOfPca(pca)
      return { values: joined(map, shift), method: 'pca' }
    }
  }
  return ridgeMap(rows, texts.width, table, width)
}

/** From the text of a profile to the global half of a user vector, or undefined where none were trained with. */
export function profileMap ({ spec, weights }: Parts): FittedMap | undefined {
  if (!spec.losses.some(({ on }) => 'users' in on)) return undefined
  const { matrix, offset } = foldAdapter(weights, 'user.adapter')
  return { values: joined(matrix, offset), method: 'fold' }
}

function ridgeMap (x: Float32Array, inputs: number, y: Float32Array, outputs: number): FittedMap {
  const { ridge, lambda, unexplained } = chooseRidge({ x, inputs, y, outputs })
  const { map, offset } = affineOfRidge(ridge)
  return { values: joined(map, offset), method: 'ridge', lambda, unexplained }
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
