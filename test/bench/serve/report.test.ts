import { describe, expect, it } from 'vitest'
import { kept, servePicture, serveReport } from '../../../bench/serve/report.ts'
import type { Summary } from '../../../bench/statistics.ts'

const summary = (perSecond: number, bad = 0): Summary => ({ perSecond, p50: 1, p90: 2.345, p99: 30, bad })
const row = (connections: number, engine: number, bare: number, service: number) =>
  ({ connections, engine: summary(engine), bare: summary(bare), service: summary(service, 7) })

describe('what the service keeps', () => {
  it('is its share of the lower of the two', () => {
    expect(kept(row(1, 1000, 4000, 700))).toBe(0.7)
    expect(kept(row(1, 4000, 1000, 700))).toBe(0.7)
  })
})

describe('the picture', () => {
  it('has a line for each of the three, with a point for each number of connections', () => {
    const { svg } = servePicture([row(1, 1000, 4000, 700), row(16, 2000, 8000, 1400)])
    expect(svg.match(/<polyline /g)).toHaveLength(3)
    expect(svg.match(/class="mark"/g)).toHaveLength(6 + 3)
    expect(svg).toContain('at 1, 16 connections')
    // Twice the throughput stands twice as far from the axis: 1400 of 8400, and 700.
    const xs = /points="([^"]+)"/.exec(svg)![1]!.split(' ').map((place) => Number(place.split(',')[0]) - 64)
    expect(xs[1]! / xs[0]!).toBeCloseTo(2, 1)
  })

  it('leaves out what was no number', () => {
    const { svg } = servePicture([{ ...row(1, 1000, 4000, 700), service: { ...summary(0), p99: Number.NaN } }])
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(svg.match(/class="mark"/g)).toHaveLength(2 + 3)
  })
})

describe('the report', () => {
  it('names each target with its throughput, percentiles and bad answers, and both ratios', () => {
    const text = serveReport([row(16, 1000, 4000, 700)])
    expect(text).toMatch(/^ +16 {2}service +700 +1\.00 +2\.35 +30\.00 +7$/m)
    expect(text).toContain('service / raw engine 70 %, service / bare Fastify 17 %: keeps 70 % of the lower')
  })

  it('says yes where all numbers of connections keep enough, and no where one does not', () => {
    expect(serveReport([row(1, 1000, 4000, 600), row(64, 1000, 900, 800)])).toMatch(/: yes \(60 % at the least\)\.$/)
    expect(serveReport([row(1, 1000, 4000, 599), row(64, 1000, 900, 800)])).toMatch(/: no \(59 % at the least\)\.$/)
  })
})
