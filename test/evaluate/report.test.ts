import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { evaluateAll } from '../../src/evaluate/report.ts'
import { reportTable } from '../../src/evaluate/table.ts'
import { blockOf, datasetOf, randomSequences, scorerOf } from './fixtures.ts'

describe('a report', () => {
  const dataset = datasetOf([150, 120], randomSequences(80, 270))
  const score = (user: number, id: number): number => Math.sin(user * 7 + id * 3)
  const half = blockOf(dataset, (user, id) => score(user, id) / 2)
  const scorer = scorerOf(dataset, score)
  const withHalves = scorerOf(dataset, score, {
    halves: (users, split, k) => ({ global: half(users, split, k), local: half(users, split, k) }),
  })

  it('puts the full ranking first, the sampled one beside it and says what both rest on', async () => {
    const { report, evaluations } = await evaluateAll(dataset, withHalves)
    const rankings = Object.keys(report).filter((key) => ['full', 'sampled100', 'official'].includes(key))
    expect(rankings).toEqual(['full', 'sampled100'])
    expect(report).toMatchObject({ system: 'test scorer', split: 'test', dataset: 'test', candidates: 'test' })
    expect(report.full.all.users).toBe(80)
    expect(Object.keys(report.full.domains)).toEqual(['a', 'b'])
    expect(report.sampled100!.all.hr20).toBeGreaterThan(report.full.all.hr20)
    expect(evaluations.map(({ mode }) => mode)).toEqual(['full', 'sampled-100'])
  })

  it('keeps the full ranking whatever is asked for beside it, and nothing twice', async () => {
    const { evaluations } = await evaluateAll(dataset, scorer, { modes: ['sampled-100', 'full', 'sampled-100'] })
    expect(evaluations.map(({ mode }) => mode)).toEqual(['full', 'sampled-100'])
    expect((await evaluateAll(dataset, scorer, { modes: [] })).report).not.toHaveProperty('sampled100')
  })

  it('has the published form when asked for it, labelled as not ours', async () => {
    const { report } = await evaluateAll(dataset, withHalves, { modes: ['official'] })
    expect(report.official?.note).toMatch(/Not a result of ours/)
    expect(report.official?.all.users).toBe(80)
    await expect(evaluateAll(dataset, scorer, { modes: ['official'] }))
      .rejects.toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })

  it('says how far another sample of users might take its headline', async () => {
    const { report: { full } } = await evaluateAll(dataset, scorer)
    const [low, high] = full.ndcg10Interval
    expect(low).toBeLessThan(full.all.ndcg10)
    expect(high).toBeGreaterThan(full.all.ndcg10)
    expect((await evaluateAll(dataset, scorer, { seed: 1 })).report.full.ndcg10Interval).not.toEqual([low, high])
  })

  it('is plain JSON', async () => {
    const { report } = await evaluateAll(dataset, scorer, { split: 'valid' })
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    expect(report.split).toBe('valid')
  })

  it('goes by portions of users to the same ranks, tells of each and stops between two', async () => {
    const many = datasetOf([60, 40], randomSequences(1100, 100))
    const manyScorer = scorerOf(many, score)
    const done: number[] = []
    const { evaluations: [full] } = await evaluateAll(many, manyScorer, { onProgress: (users) => { done.push(users) } })
    expect(full).toEqual(evaluate(many, manyScorer, { split: 'test', mode: 'full' }))
    expect(done).toEqual([512, 1024, 1100])

    const stop = new AbortController()
    const stopped = evaluateAll(many, manyScorer, { signal: stop.signal, onProgress: () => { stop.abort() } })
    await expect(stopped).rejects.toThrow(expect.objectContaining({ code: 'interrupted' }))
  })

  it('reads as a table, with the published form set apart', async () => {
    const { report } = await evaluateAll(dataset, withHalves, { modes: ['sampled-100', 'official'] })
    const table = reportTable(report)
    const rows = table.split('\n').filter((line) => line.startsWith('all'))
    expect(rows).toHaveLength(3)
    expect(rows[0]!.split(/ +/)).toEqual([
      'all', '80', ...(['hr5', 'hr10', 'hr20', 'ndcg5', 'ndcg10', 'ndcg20', 'mrr'] as const)
        .map((field) => report.full.all[field].toFixed(4)),
    ])
    expect(new Set(table.split('\n').filter((line) => /^(all|a|b) /.test(line)).map(({ length }) => length)).size).toBe(1)
    expect(table).toMatch(/mismatched negatives: not a result of ours\n/)
  })
})
