import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { drawItemMap, itemMapPlot } from '../../src/pipeline/item-map.ts'
import { writeTinyBundle } from '../support/tiny-bundle.ts'

describe('the map of a bundle\'s items', () => {
  const ends: Array<() => Promise<unknown>> = []
  afterEach(async () => { for (const end of ends.splice(0)) await end() })

  it('has every item of a small bundle, a cloud for each domain', async () => {
    const tiny = await writeTinyBundle({})
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-map-'))
    ends.push(tiny.close, () => rm(folder, { recursive: true }))
    const file = join(folder, 'map.svg')
    const { points, share } = await drawItemMap({ bundle: tiny.root, file })
    const svg = await readFile(file, 'utf8')
    const clouds = [...svg.matchAll(/class="cloud" d="([^"]+)"/g)].map(([, path]) => path!.match(/h0/g)!.length)
    expect(clouds).toHaveLength(2)
    expect(clouds[0]! + clouds[1]!).toBe(points)
    expect(points).toBeGreaterThan(50)
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThanOrEqual(1)
  })

  it('puts items where the chart has them: alike is near', () => {
    const point = (domain: string, x: number, y: number) => ({ itemId: `${x}${y}`, domain, x, y })
    const svg = itemMapPlot('shop', { share: 0.25, points: [point('a', 0, 0), point('a', 1, 1), point('b', 0.9, 0.9)] })
    const places = [...svg.matchAll(/M([\d.]+) ([\d.]+)h0/g)].map(([, x, y]) => [Number(x), Number(y)] as const)
    const [origin, far, near] = places
    const apart = (one = origin!, other = origin!): number => Math.hypot(one[0] - other[0], one[1] - other[1])
    expect(apart(near, far) / apart(origin, far)).toBeCloseTo(0.1, 2)
    // Pictures count from above.
    expect(far![1]).toBeLessThan(origin![1])
    expect(svg).toContain('25 % of all differences: 2 points of a, 1 points of b.')
  })
})
