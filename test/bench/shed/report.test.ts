import { describe, expect, it } from 'vitest'
import { keptUnderOverload, shedPictures, shedReport, type ShedFigures, type ShedRow } from '../../../bench/shed/report.ts'

const row = (times: number, good: number, refused: number): ShedRow => ({
  times,
  seconds: 10,
  offered: 1000 * times,
  cpu: 5,
  fates: { good, degraded: 0, refused, late: 0, failed: 0 },
  good: Array.from({ length: good }, () => 20 * times),
  refused: Array.from({ length: refused }, () => 2),
  behind: [1],
  probes: [3],
})
const figures: ShedFigures = { capacity: 100, deadlineMs: 250, cores: {}, rows: [row(4, 900, 3100), row(1, 1000, 0)] }

describe('a service under more load than it can take', () => {
  it('is told by what it keeps of its best goodput', () => {
    expect(keptUnderOverload(figures.rows)).toBe(0.9)
    expect(shedReport(figures)).toContain('keeps 90 % of its best goodput: yes')
    expect(shedReport(figures)).toMatch(/^4x +400 +90 +0 +310 /m)
  })

  it('is drawn by what becomes of requests, and by how long answers take, from the least load to the most', () => {
    const [fates, latency] = shedPictures(figures)
    expect(fates!.svg).toContain('good and in time: from 100 at 100 to 90 at 400')
    expect(fates!.svg).toContain('refused: from 0 at 100 to 310 at 400')
    expect(latency!.svg).toContain('good and in time: from 20 at 100 to 80 at 400')
    // Nothing is refused at the capacity, so there is nothing to draw there.
    expect(latency!.svg).toContain('refused: from 2 at 400 to 2 at 400')
    expect(new Set([fates, latency].map((picture) => picture!.name)).size).toBe(2)
  })
})
