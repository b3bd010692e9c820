import { describe, expect, it } from 'vitest'
import { evaluateAll } from '../../src/evaluate/report.ts'
import { blockOf, datasetOf, randomSequences, scorerOf } from './fixtures.ts'

describe('a report', () => {
  const dataset = datasetOf([150, 120], randomSequences(80, 270))
  const score = (user: number, id: number): number => Math.sin(user * 7 + id * 3)

  it('puts the full ranking first, the sampled one beside it and says what both rest on', () => {
    const { report, full } = evaluateAll(dataset, scorerOf(dataset, score))
    const rankings = Object.keys(report).filter((key) => ['full', 'sampled100', 'official'].includes(key))
    expect(rankings).toEqual(['full', 'sampled100'])
    expect(report).toMatchObject({ system: 'test scorer', split: 'test', dataset: 'test', candidates: 'test' })
    expect(report.full.all.users).toBe(80)
    expect(Object.keys(report.full.domains)).toEqual(['a', 'b'])
    expect(report.sampled100.all.hr20).toBeGreaterThan(report.full.all.hr20)
    expect(full.mode).toBe('full')
    expect(full.ranks.length).toBe(80)
  })

  it('adds the published form for a system with halves, labelled as not ours', () => {
    const half = blockOf(dataset, (user, id) => score(user, id) / 2)
    const scorer = scorerOf(dataset, score, {
      halves: (users, split, k) => ({ global: half(users, split, k), local: half(users, split, k) }),
    })
    const { report } = evaluateAll(dataset, scorer)
    expect(report.official?.note).toMatch(/Not a result of ours/)
    expect(report.official?.all.users).toBe(80)
  })

  it('is plain JSON', () => {
    const { report } = evaluateAll(dataset, scorerOf(dataset, score), 'valid')
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    expect(report.split).toBe('valid')
  })
})
