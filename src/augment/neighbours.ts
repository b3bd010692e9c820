import { setImmediate } from 'node:timers/promises'
import type { Domain } from '../data/dataset.ts'
import { rowDot } from '../numeric/cosine.ts'
import type { UnitRows } from './filter.ts'

/** An item and its cosine to the one that was asked for. */
export interface Neighbour { readonly id: number, readonly cosine: number }

export interface NeighbourOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/** Asked between looks at the signal. */
const AT_ONCE = 16

/**
 * The catalogue items of a domain that are nearest to each of some vectors, best first, the lower id on a tie.
 * @param texts vectors of the catalogue by global id, row g - 1 for g
 */
export async function nearestItems (
  asked: UnitRows, texts: UnitRows, { offset, size }: Domain, count: number,
  { signal, onProgress }: NeighbourOptions = {}
): Promise<Neighbour[][]> {
  signal?.throwIfAborted()
  const { rows, width } = asked
  const found: Neighbour[][] = []
  for (let row = 0; row < rows.length / width; row++) {
    const best: Neighbour[] = []
    for (let id = offset + 1; id <= offset + size; id++) {
      const cosine = rowDot(rows, row, texts.rows, id - 1, width)
      if (best.length === count && cosine <= best.at(-1)!.cosine) continue
      let at = best.length
      while (at > 0 && best[at - 1]!.cosine < cosine) at--
      best.splice(at, 0, { id, cosine })
      if (best.length > count) best.pop()
    }
    found.push(best)
    if (row % AT_ONCE !== AT_ONCE - 1) continue
    onProgress?.(row + 1)
    await setImmediate()
    signal?.throwIfAborted()
  }
  return found
}

/** Some rows of a table, in this order. */
export function pickRows ({ rows, width }: UnitRows, at: readonly number[]): UnitRows {
  const picked = new Float32Array(at.length * width)
  for (const [i, row] of at.entries()) picked.set(rows.subarray(row * width, (row + 1) * width), i * width)
  return { rows: picked, width }
}
