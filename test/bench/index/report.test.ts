import { expect, it } from 'vitest'
import type { IndexFigures, ServiceFigures } from '../../../bench/index/figures.ts'
import { indexPicture, indexReport } from '../../../bench/index/report.ts'

const index = (rows: number, skewed = false): IndexFigures => ({
  rows,
  skewed,
  shards: 1,
  width: 128,
  queries: 2000,
  buildSeconds: 20,
  buildCpu: 10,
  saveSeconds: 0.5,
  bytes: 3 * 2 ** 20,
  recall: [{ ef: 100, recall: 0.95 }, { ef: 200, recall: skewed ? 0.9 : 0.9912 }],
  ef: 200,
  exactLatency: { p50: 2, p99: 3, cpu: 1 },
  loadSeconds: 1,
  loadBytes: 4 * 2 ** 20,
  latency: { p50: 0.5, p99: 0.9, cpu: 0.4 },
  putPerSecond: 9000,
  putMissed: 0,
  mergeSeconds: 4,
  whileMerging: { p50: 1, p99: 2, cpu: NaN },
})
const service: ServiceFigures = {
  rows: 10_000,
  startSeconds: 2,
  startCpu: 1,
  rssBytes: 200 * 2 ** 20,
  recommend: { p50: 1, p99: 2, cpu: 1 },
  posted: 10_000,
  postSeconds: 4,
  postCpu: 0.3,
  unknown: 0,
}

it('the page of the index has a row for each size, and says which were not run', () => {
  const page = indexReport({
    machine: 'two cores',
    when: '2026-01-02',
    bundle: 'demo',
    domain: 'sport',
    loadAverage: 3,
    indexes: [index(10_000), index(10_000, true)],
    services: [service],
  })
  expect(page).toContain('| 10,000 | 1 | 20.0 | 10.0 | 1.00 | 0.50 | 3 | 1.00 | 4 |')
  expect(page).toContain('| 10,000 | 2000 | 200 | 0.9912 | 0.50 | 0.90 | 0.40 | 2.00 | 1.00 |')
  expect(page).toContain('| 10,000 | 2.0 | 1.0 | 200 | 1.00 | 2.00 | 1.00 | 10,000 | 2500 | 0.30 | 0 |')
  expect(page).toContain('| 10,000 | differ | 10.0 | 0.9500 | 0.9000 |')
  // Each of the four tables that grow with the catalogue.
  expect(page.match(/^\| 1,000,000 \| not run \|/gm)).toHaveLength(4)
})

it('draws recall against latency, on the clock and in CPU time, for each size whose searches were timed', () => {
  const timed = (rows: number): IndexFigures => ({
    ...index(rows),
    bySearch: [{ ef: 100, recall: 0.95, p50: 0.4, cpu: 0.2 }, { ef: 200, recall: 0.9912, p50: 0.8, cpu: 0.5 }],
  })
  const results = {
    machine: 'two cores', when: '2026-01-02', bundle: 'demo', domain: 'sport', loadAverage: 1, services: [],
  }
  const svg = indexPicture({ ...results, indexes: [index(1000), timed(10_000), timed(100_000)] })
  expect(svg?.match(/<polyline /g)).toHaveLength(4)
  expect(svg).toContain('100,000 items, CPU: from 0.95 at 0.2 to 0.9912 at 0.5')
  expect(svg).toContain('10,000 items, p50: from 0.95 at 0.4 to 0.9912 at 0.8')
  expect(indexPicture({ ...results, indexes: [index(1000)] })).toBeUndefined()
  const page = (picture?: string): string => indexReport({ ...results, indexes: [timed(10_000)] }, picture)
  expect(page('index.svg')).toContain('](index.svg)')
  expect(page()).not.toContain('![')
})
