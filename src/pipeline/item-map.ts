import { openBundle } from '../bundle/open.ts'
import { IsthmusError } from '../errors.ts'
import { writeFileAtomic } from '../files/write.ts'
import { cloudPlot } from '../plot/clouds.ts'
import { openEngine } from '../recommend/engine-core.ts'
import type { ChartResult } from '../recommend/engine.ts'

export interface ItemMap {
  /** A bundle's root or version. */
  readonly bundle: string
  /** The SVG to write. */
  readonly file: string
}

/** Of the picture; more than a plot's, since thousands of points share it. */
const SIDE = 480

/**
 * Draws the items of a bundle, up to 3,000 of all domains, on the flat chart that the playground shows: the two
 * directions in which what all domains share of them differs most. Gives how many points it drew, and their part of
 * all differences.
 * @throws those of `openBundle`, and artefact_invalid where there are too few items for a chart
 */
export async function drawItemMap ({ bundle: path, file }: ItemMap): Promise<{ points: number, share: number }> {
  const bundle = await openBundle(path)
  const engine = await openEngine(bundle, { provider: 'cpu', retrieval: 'exact', chart: true })
  try {
    const chart = await engine.chart()
    if (chart === undefined) throw new IsthmusError('artefact_invalid', `${bundle.dir} has too few items for a map`)
    const { name, generated } = bundle.manifest
    await writeFileAtomic(file, itemMapPlot(`${name}${generated === true ? ' (generated)' : ''}`, chart))
    return { points: chart.points.length, share: chart.share }
  } finally {
    await engine.close()
  }
}

/** A chart as a picture, a cloud for each domain. */
export function itemMapPlot (called: string, { share, points }: ChartResult): string {
  const domains = [...new Set(points.map(({ domain }) => domain))]
  const clouds = domains.map((name) =>
    ({ name, points: points.filter(({ domain }) => domain === name).map(({ x, y }) => [x, y] as const) }))
  return cloudPlot(`The items of ${called} by what all domains share`, [
    { name: `Two directions, which hold ${(100 * share).toFixed(0)} % of all differences`, clouds },
  ], SIDE)
}
