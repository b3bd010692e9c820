import { describe, expect, it } from 'vitest'
import type { FloodAnswer } from '../../../bench/shed/flood-process.ts'
import { swapRatio, swapReport } from '../../../bench/swap/report.ts'

const slice = (good: number[], lost: Partial<FloodAnswer['fates']> = {}): FloodAnswer => ({
  seconds: 1,
  offered: good.length + (lost.refused ?? 0) + (lost.failed ?? 0),
  fates: { good: good.length, degraded: 0, refused: 0, late: 0, failed: 0, ...lost },
  good,
  refused: [],
  behind: [],
  probes: [],
})
const of = (still: FloodAnswer, swapping: FloodAnswer) =>
  ({ capacity: 200, perSecond: 100, cores: { service: '0', load: '1' }, still: [still], swapping: [swapping], swapSeconds: [1, 3] })

describe('the report of swaps under load', () => {
  const quick = Array.from({ length: 100 }, (_, i) => i / 10)

  it('compares p99 over all slices with and without swaps, and says how long a swap takes', () => {
    const slow = quick.map((ms) => 1.5 * ms)
    const figures = of(slice(quick), slice(slow))
    expect(swapRatio(figures)).toBeCloseTo(1.5)
    const report = swapReport(figures)
    expect(report).toContain('Offered 100 requests a second, half of 200 (service on cores 0, load on 1); 2 swaps')
    expect(report).toContain('of 2.00 s each')
    expect(report).toContain('p99 is 1.50 times that without swaps, 0 of 100 requests were failed or refused: yes')
  })

  it('does not take swaps for good where p99 is more than twice as long', () => {
    expect(swapReport(of(slice(quick), slice(quick.map((ms) => 2.1 * ms))))).toContain('2.10 times')
    expect(swapReport(of(slice(quick), slice(quick.map((ms) => 2.1 * ms))))).toContain(': no (')
  })

  it('does not take swaps for good where a request failed or was refused', () => {
    expect(swapReport(of(slice(quick), slice(quick, { failed: 1 })))).toContain('1 of 101 requests were failed or refused: no')
    expect(swapReport(of(slice(quick), slice(quick, { refused: 2 })))).toContain('2 of 102 requests were failed or refused: no')
  })
})
