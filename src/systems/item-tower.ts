import { adapter } from '../nn/adapter.ts'
import { dualProjection, singleProjection } from '../nn/dual-projection.ts'
import type { Ops } from '../nn/ops.ts'
import type { ItemTower } from './spec.ts'

/** Rows of the tables that the tower reads, for U items; only those the tower names have to be there. */
export interface ItemRows<T> {
  /** Raw text embeddings, [U, textWidth]. */
  readonly text?: T
  /** Rows of `items.ids`, [U, d]. */
  readonly ids?: T
  /** Rows of `items.local`, [U, d]. */
  readonly local?: T
}

/** What the tower makes of some items. */
export interface ItemVectors<T> {
  /** The global half before any normalisation, e~ of Eq. 5: [U, d]. */
  readonly adapted: T
  /** The vector that is scored, stored and fed to the threads: [U, 2d], or [U, d] without a local half. */
  readonly stored: T
  /** What the second projection of llm-recg says, which L_gen looks at: [U, d]. */
  readonly general?: T
}

/**
 * Item vectors (LLM4CDSR Eq. 1 and 5): two linear layers without activation over the frozen text embedding, beside a
 * row of the local table. Departure: with `norm: unit` the two halves together have length 1, the form that every
 * nearest-neighbour index likes.
 */
export function itemVectors<T> (ops: Ops<T>, tower: ItemTower, rows: ItemRows<T>): ItemVectors<T> {
  if (tower.global === 'dual') {
    const { merged, gen } = dualProjection(ops, PROJECTIONS, given(rows.text, 'text'))
    return { adapted: merged, stored: normed(ops, tower, merged), general: gen }
  }
  const adapted = globalHalf(ops, tower, rows)
  const both = tower.local === undefined ? adapted : ops.concat([adapted, given(rows.local, 'local')])
  return { adapted, stored: normed(ops, tower, both) }
}

/** Where the projections of llm-recg stand among weights. */
export const PROJECTIONS = 'items.project'

function normed<T> (ops: Ops<T>, { norm }: ItemTower, vectors: T): T {
  return norm === 'unit' ? ops.l2Normalize(vectors) : vectors
}

function globalHalf<T> (ops: Ops<T>, tower: ItemTower, rows: ItemRows<T>): T {
  if (tower.global === 'ids') return given(rows.ids, 'ids')
  if (tower.global === 'projection') return singleProjection(ops, PROJECTIONS, given(rows.text, 'text'))
  const adapted = adapter(ops, 'items.adapter', given(rows.text, 'text'))
  return tower.global === 'text' ? adapted : ops.add(adapted, given(rows.ids, 'ids'))
}

function given<T> (rows: T | undefined, name: string): T {
  if (rows === undefined) throw new TypeError(`the item tower needs rows of ${name}`)
  return rows
}
