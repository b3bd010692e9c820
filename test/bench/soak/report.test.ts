import { describe, expect, it } from 'vitest'
import { slope, soakLine, soakReport, type SoakSlice } from '../../../bench/soak/report.ts'

const slice = (minute: number, rssMiB: number, ms: number): SoakSlice => ({
  minute,
  rssMiB,
  offered: 10,
  fates: { good: 8, degraded: 1, refused: 0, late: 1, failed: 0 },
  latencies: Array<number>(8).fill(ms),
})

describe('the report of a soak', () => {
  it('has the slope of memory and the drift of p99 after the first third, and every fate', () => {
    const slices = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((minute) =>
      slice(minute, minute <= 3 ? 100 + 50 * minute : 250 + 2 * minute, minute <= 6 ? 10 : 15))
    const report = soakReport({ capacity: 100, perSecond: 50, slices })
    expect(report).toContain('RSS slope after the first third: 2.00 MiB a minute (258 MiB, at the end 268 MiB)')
    expect(report).toContain('p99 of the middle third 10.0 ms, of the last third 15.0 ms')
    expect(report).toContain('of 90 requests: good 72, degraded 9, refused 0, late 9, failed 0')
  })

  it('says what there is while it runs', () => {
    expect(soakLine({ ...slice(0.5, 120.4, 3), latencies: [] })).toContain('minute   0.5  RSS 120 MiB  offered 10  good 8')
    expect(soakLine({ ...slice(0.5, 120.4, 3), latencies: [] })).toContain('p99 - ms')
  })

  it('takes the slope of the least-squares line', () => {
    expect(slope([[0, 1], [1, 3], [2, 5]])).toBeCloseTo(2)
    expect(slope([[0, 1], [1, 0], [2, 1], [3, 0]])).toBeCloseTo(-0.2)
    expect(slope([[0, 1]])).toBeNaN()
  })
})
