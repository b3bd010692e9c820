import { trainPrefix } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import { unitRows } from '../numeric/cosine.ts'
import type { UnitRows } from './filter.ts'
import { nearestItems, pickRows } from './neighbours.ts'
import type { NeighbourOptions } from './neighbours.ts'
import type { Candidate } from './read-answers.ts'

/**
 * Puts the nearest item of the catalogue in the place of each kept candidate, where its cosine is at least `tau`; what
 * the user has already in the training prefix, or gets by another candidate, is dropped.
 * @param vectors  raw vectors of the candidates that are kept, in their order
 * @param texts    unit vectors of the catalogue, row g - 1 for global id g
 */
export async function ground (
  dataset: Pick<Dataset, 'domains' | 'offsets' | 'events'>, candidates: readonly Candidate[], vectors: UnitRows,
  texts: UnitRows, tau: number, options: NeighbourOptions = {}
): Promise<Candidate[]> {
  const unit = { width: vectors.width, rows: unitRows(vectors.rows, vectors.width) }
  const kept = candidates.filter(({ outcome }) => outcome === 'kept')
  const nearest = new Map<Candidate, { id: number, cosine: number }>()
  let done = 0
  for (const [k, domain] of dataset.domains.entries()) {
    const rows = [...kept.keys()].filter((row) => kept[row]!.direction.to === k)
    const before = done
    const found = await nearestItems(pickRows(unit, rows), texts, domain, 1, {
      ...options, ...(options.onProgress && { onProgress: (count) => options.onProgress?.(before + count) }),
    })
    for (const [i, row] of rows.entries()) nearest.set(kept[row]!, found[i]![0]!)
    done += rows.length
  }
  const given = new Set<string>()
  return candidates.map((one): Candidate => {
    const grounded = nearest.get(one)
    if (grounded === undefined || grounded.cosine < tau) return one
    const { direction: { user } } = one
    if (trainPrefix(dataset, user).includes(grounded.id)) return { ...one, grounded, outcome: 'hadAlready' }
    if (given.has(`${user}/${grounded.id}`)) return { ...one, grounded, outcome: 'repeated' }
    given.add(`${user}/${grounded.id}`)
    return { ...one, grounded, id: grounded.id }
  })
}
