import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MISS } from '../../src/evaluate/evaluate.ts'
import { hitRate, metrics, metricsByDomain, ndcg } from '../../src/evaluate/metrics.ts'

interface At { HR: number, NDCG: number }
interface MetricsCase {
  inputs: { ranks_0based: number[], domain: number[] }
  expected: { at10: { all: At, A: At, B: At }, at5: At, at1: At }
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/26_metrics_hr_ndcg.json', import.meta.url), 'utf8')
) as MetricsCase

describe('metrics', () => {
  const ranks = Int32Array.from(golden.inputs.ranks_0based)
  const { at10, at5, at1 } = golden.expected
  const domains = [{ name: 'A', size: 100, offset: 0 }, { name: 'B', size: 100, offset: 100 }]
  const byDomain = metricsByDomain({ ranks, domains: Int32Array.from(golden.inputs.domain) }, domains)

  it('equal the golden case over all and in each domain', () => {
    expect(byDomain.all.hr10).toBeCloseTo(at10.all.HR, 9)
    expect(byDomain.all.ndcg10).toBeCloseTo(at10.all.NDCG, 9)
    expect(byDomain.domains.A!.hr10).toBeCloseTo(at10.A.HR, 9)
    expect(byDomain.domains.A!.ndcg10).toBeCloseTo(at10.A.NDCG, 9)
    expect(byDomain.domains.B!.hr10).toBeCloseTo(at10.B.HR, 9)
    expect(byDomain.domains.B!.ndcg10).toBeCloseTo(at10.B.NDCG, 9)
    expect(byDomain.all.users).toBe(6)
    expect(byDomain.domains.B!.users).toBe(3)
  })

  it('equal the golden case at 5 and at 1', () => {
    expect(byDomain.all.hr5).toBeCloseTo(at5.HR, 9)
    expect(byDomain.all.ndcg5).toBeCloseTo(at5.NDCG, 9)
    expect(hitRate(ranks, 1)).toBeCloseTo(at1.HR, 9)
    expect(ndcg(ranks, 1)).toBeCloseTo(at1.NDCG, 9)
  })

  it('count a miss as nothing at all, also in the reciprocal rank', () => {
    expect(metrics([0, MISS])).toMatchObject({ users: 2, hr20: 0.5, ndcg20: 0.5, mrr: 0.5 })
    expect(metrics([MISS]).mrr).toBe(0)
  })

  it('take the reciprocal rank from 1', () => {
    expect(metrics([0, 1, 3]).mrr).toBeCloseTo((1 + 1 / 2 + 1 / 4) / 3, 12)
  })

  it('are zeros over nobody', () => {
    expect(metrics([])).toEqual({ users: 0, hr5: 0, hr10: 0, hr20: 0, ndcg5: 0, ndcg10: 0, ndcg20: 0, mrr: 0 })
  })
})
