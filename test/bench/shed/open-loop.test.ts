import { describe, expect, it } from 'vitest'
import { openLoop } from '../../../bench/shed/open-loop.ts'
import { keptUnderOverload, shedReport, type ShedRow } from '../../../bench/shed/report.ts'

describe('the open loop', () => {
  it('sends what is due, answered or not, and names every fate', async () => {
    let sent = 0
    const flood = await openLoop({
      perSecond: 1000,
      seconds: 0.05,
      deadlineMs: 1e9,
      async send () {
        const turn = sent++ % 4
        if (turn === 3) throw new Error('broken on purpose')
        return (['good', 'degraded', 'refused'] as const)[turn]!
      },
    })
    expect(flood.offered).toBe(50)
    expect(flood.fates).toEqual({ good: 13, degraded: 13, refused: 12, late: 0, failed: 12 })
    expect([flood.good.length, flood.refused.length]).toEqual([13, 12])
    expect(flood.behind).toHaveLength(50)
    expect(flood.seconds).toBeGreaterThanOrEqual(0.05)
  })

  it('counts a good answer after its deadline as late', async () => {
    const flood = await openLoop({ perSecond: 100, seconds: 0.02, deadlineMs: -1, send: async () => 'good' })
    expect(flood.fates).toMatchObject({ good: 0, late: 2 })
  })
})

describe('the report of shedding', () => {
  const row = (times: number, good: number): ShedRow => ({
    times,
    seconds: 2,
    offered: 10,
    fates: { good, degraded: 1, refused: 0, late: 0, failed: 0 },
    good: Array(good).fill(5),
    refused: [],
    behind: [0],
    probes: [3],
    cpu: times,
  })

  it('holds the goodput of the highest rate against the best', () => {
    const rows = [row(1, 100), row(4, 79)]
    expect(keptUnderOverload(rows)).toBeCloseTo(0.79)
    const report = (of: ShedRow[]): string =>
      shedReport({ capacity: 50, deadlineMs: 250, cores: { service: '0', load: '1' }, rows: of })
    expect(report(rows)).toContain('keeps 79 % of its best goodput: no')
    expect(report([row(1, 100), row(4, 85)])).toContain('keeps 85 % of its best goodput: yes')
    expect(report(rows)).toContain('a second of its CPU time gives, 19 %')
    expect(report(rows)).toContain('service on cores 0, load on 1')
  })
})
