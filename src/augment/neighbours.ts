import { setImmediate } from 'node:timers/promises'
import type { Domain } from '../data/dataset.ts'
import { fourDots } from '../numeric/cosine.ts'
import type { UnitRows } from './filter.ts'

/** An item and its cosine to the one that was asked for. */
export interface Neighbour { readonly id: number, readonly cosine: number }

export interface NeighbourOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

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
  const total = rows.length / width
  const found: Neighbour[][] = []
  for (let row = 0; row < total; row += 4) {
    const dots = fourDots(rows, row, texts.rows, offset, size, width)
    for (let i = 0; i < Math.min(4, total - row); i++) {
      found.push(best(dots.subarray(i * size, (i + 1) * size), offset, count))
    }
    onProgress?.(found.length)
    await setImmediate()
    signal?.throwIfAborted()
  }
  return found
}

function best (cosines: Float64Array, offset: number, count: number): Neighbour[] {
  const found: Neighbour[] = []
  for (const [local, cosine] of cosines.entries()) {
    if (found.length === count && cosine <= found.at(-1)!.cosine) continue
    let at = found.length
    while (at > 0 && found[at - 1]!.cosine < cosine) at--
    found.splice(at, 0, { id: offset + 1 + local, cosine })
    if (found.length > count) found.pop()
  }
  return found
}

/** Some rows of a table, in this order. */
export function pickRows ({ rows, width }: UnitRows, at: readonly number[]): UnitRows {
  const picked = new Float32Array(at.length * width)
  for (const [i, row] of at.entries()) picked.set(rows.subarray(row * width, (row + 1) * width), i * width)
  return { rows: picked, width }
}
