import { fitPca, type Pca, projectPca } from '../numeric/pca.ts'
import type { DomainCatalogue, Place } from './catalogue.ts'
import type { ChartPoint } from './engine.ts'
import { globalHalf, named } from './similar.ts'

/** Items that the axes are fitted on, of all domains: enough for two directions, and little to do at load. */
const FITTED = 2000
/** Items of a whole chart: more would hide each other. */
const SHOWN = 3000

/**
 * A flat chart of the space that all domains share: the two directions in which the items' global halves, at unit
 * length, differ most. Its axes stay those of the bundle; what is posted is placed by them.
 */
export interface Chart {
  /** The part of all differences that the two directions hold, 0 to 1. */
  readonly share: number
  place: (item: Place) => ChartPoint
  /** Items evenly taken from each domain, which has its part of the whole; domains may have been opened since. */
  all: (domains: readonly DomainCatalogue[]) => ChartPoint[]
}

/** @param width of the global half; undefined where there are too few items to differ */
export function drawChart (domains: readonly DomainCatalogue[], width: number): Chart | undefined {
  const fitted = domains.flatMap((domain) => sample(domain, FITTED / domains.length))
  if (fitted.length < 3 || width < 2) return undefined
  const rows = new Float32Array(fitted.length * width)
  for (const [i, place] of fitted.entries()) rows.set(direction(place, width), i * width)
  const pca = fitPca(rows, width, width)
  const axes: Pca = { ...pca, size: 2, components: pca.components.subarray(0, 2 * width) }
  const [first = 0, second = 0] = pca.variance
  const all = pca.variance.reduce((sum, value) => sum + value, 0)

  const place = (item: Place): ChartPoint => {
    const [x = 0, y = 0] = projectPca(axes, direction(item, width))
    return { ...named(item), x: round(x), y: round(y) }
  }
  return {
    share: all > 0 ? (first + second) / all : 0,
    place,
    all: (now) => now.flatMap((domain) => sample(domain, SHOWN / now.length).map(place)),
  }
}

/** At most so many live items of a domain, evenly. */
function sample (domain: DomainCatalogue, most: number): Place[] {
  const rows = [...domain.index.vectors.rows()]
  const step = Math.max(1, rows.length / Math.max(1, Math.floor(most)))
  return Array.from({ length: Math.ceil(rows.length / step) }, (_, i) => ({ domain, row: rows[Math.floor(i * step)]! }))
}

/** The global half at unit length, as likeness is measured; zeros stay. */
function direction (item: Place, width: number): Float32Array {
  const half = globalHalf(item, width)
  const length = Math.hypot(...half)
  return length === 0 ? half : half.map((value) => value / length)
}

function round (value: number): number {
  return Math.round(value * 1e4) / 1e4
}
