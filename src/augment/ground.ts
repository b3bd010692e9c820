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
    const alike = groupEqual(unit, rows)
    const first = alike.map(([row]) => row!)
    const found = await nearestItems(pickRows(unit, first), texts, domain, 1, {
      ...options,
      ...(options.onProgress && {
        onProgress: (count) => options.onProgress?.(before + Math.round(count / first.length * rows.length)),
      }),
    })
    for (const [i, group] of alike.entries()) for (const row of group) nearest.set(kept[row]!, found[i]![0]!)
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

/** These rows, those of equal vectors together: users of one taste are offered the same, which is looked up once. */
function groupEqual ({ rows, width }: UnitRows, at: readonly number[]): number[][] {
  const groups = new Map<string, number[]>()
  for (const row of at) {
    const key = Buffer.from(rows.buffer, rows.byteOffset + 4 * row * width, 4 * width).toString('latin1')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups.values()]
}
