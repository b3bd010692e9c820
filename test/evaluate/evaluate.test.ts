import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluate, MISS } from '../../src/evaluate/evaluate.ts'
import { hitRate, metrics } from '../../src/evaluate/metrics.ts'
import { createRandom } from '../../src/random.ts'
import { blockOf, datasetOf, randomSequences, scorerOf } from './fixtures.ts'

interface TieCase {
  inputs: { tie_scores_target_first: number[][] }
  expected: { rank_pessimistic: number[] }
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/26_metrics_hr_ndcg.json', import.meta.url), 'utf8')
) as TieCase

describe('full ranking', () => {
  it('counts ties against the target, as in the golden case', () => {
    // Two domains: the history lies in the second, so that all of the first competes.
    const dataset = datasetOf([5, 2], golden.inputs.tie_scores_target_first.map(() => [6, 7, 1]))
    const scorer = scorerOf(dataset, (user, id) => golden.inputs.tie_scores_target_first[user]![id - 1]!)
    expect([...evaluate(dataset, scorer, { split: 'test', mode: 'full' }).ranks])
      .toEqual(golden.expected.rank_pessimistic)
  })

  it('leaves the input out and keeps a target that was taken before', () => {
    const dataset = datasetOf([6], [[1, 2, 2, 3, 2]])
    const scorer = scorerOf(dataset, (_, id) => [9, 5, 9, 5, 6, 1][id - 1]!)
    // Against 1 and 3 (both seen, out), 4 (a tie), 5 (better), 6 (worse).
    expect([...evaluate(dataset, scorer, { split: 'test', mode: 'full' }).ranks]).toEqual([2])
    // For validation only 1, 2, 2 were seen; the target is 3 and scores highest.
    expect([...evaluate(dataset, scorer, { split: 'valid', mode: 'full' }).ranks]).toEqual([0])
  })

  it('leaves an item that was taken twice out once', () => {
    const dataset = datasetOf([4], [[1, 1, 1, 2]])
    const scorer = scorerOf(dataset, (_, id) => 5 - id)
    expect([...evaluate(dataset, scorer, { split: 'test', mode: 'full' }).ranks]).toEqual([0])
  })

  it('never looks past the domain of the target', () => {
    const dataset = datasetOf([3, 3], [[1, 2, 3], [1, 2, 5]])
    const scorer = scorerOf(dataset, (_, id) => id)
    const { ranks, domains } = evaluate(dataset, scorer, { split: 'test', mode: 'full' })
    expect([...ranks]).toEqual([0, 1])
    expect([...domains]).toEqual([0, 1])
  })

  it('gives a constant scorer nothing', () => {
    const dataset = datasetOf([60, 60], randomSequences(50, 120))
    const { ranks } = evaluate(dataset, scorerOf(dataset, () => 0.5), { split: 'test', mode: 'full' })
    expect(hitRate(ranks, 10)).toBe(0)
  })

  it('keeps the order of the users asked for, in batches of any size', () => {
    const dataset = datasetOf([40, 30], randomSequences(300, 70))
    const scorer = scorerOf(dataset, (user, id) => Math.sin(user * 31 + id))
    const all = evaluate(dataset, scorer, { split: 'test', mode: 'full' })
    const users = [7, 299, 0, 12]
    const some = evaluate(dataset, scorer, { split: 'test', mode: 'full', users })
    expect([...some.users]).toEqual(users)
    expect([...some.ranks]).toEqual(users.map((user) => all.ranks[user]))
  })

  it('takes a zero of a counting scorer for no evidence: a miss', () => {
    const dataset = datasetOf([4], [[1, 2, 3]])
    const scorer = scorerOf(dataset, (_, id) => id === 4 ? 1 : 0, { zeroIsAbsent: true })
    expect(evaluate(dataset, scorer, { split: 'test', mode: 'full' }).ranks[0]).toBe(MISS)
    expect(evaluate(dataset, scorer, { split: 'test', mode: 'sampled-100' }).ranks[0]).toBe(MISS)
  })

  it.each([Number.NaN, Infinity, -Infinity])('stops at a score of %d', (bad) => {
    const dataset = datasetOf([4], [[1, 2, 3]])
    const scorer = scorerOf(dataset, (_, id) => id === 2 ? bad : 0)
    for (const mode of ['full', 'sampled-100'] as const) {
      expect(() => evaluate(dataset, scorer, { split: 'test', mode }))
        .toThrow(expect.objectContaining({ code: 'scores_not_finite' }))
    }
  })
})

describe('sampled ranking', () => {
  const dataset = datasetOf([400, 300], randomSequences(3000, 700))

  it('gives a random scorer HR@10 near 10 in 101', () => {
    const random = createRandom(3, 'random-scorer')
    const { ranks } = evaluate(dataset, scorerOf(dataset, () => random.next()), { split: 'test', mode: 'sampled-100' })
    const share = 10 / 101
    const sigma = Math.sqrt(share * (1 - share) / ranks.length)
    expect(Math.abs(hitRate(ranks, 10) - share)).toBeLessThan(3 * sigma)
  })

  it('gives a constant scorer nothing', () => {
    const { ranks } = evaluate(dataset, scorerOf(dataset, () => 1), { split: 'test', mode: 'sampled-100' })
    expect(ranks.every((rank) => rank === 100)).toBe(true)
    expect(metrics(ranks).hr10).toBe(0)
  })

  it('ranks against the candidates of the book, for every system and run the same', () => {
    const scored = scorerOf(dataset, (user, id) => Math.cos(user + 7 * id))
    const first = evaluate(dataset, scored, { split: 'valid', mode: 'sampled-100' })
    expect(evaluate(dataset, scored, { split: 'valid', mode: 'sampled-100' }).ranks).toEqual(first.ranks)
    const user = 17
    const wanted = dataset.events[dataset.offsets[user + 1]! - 2]!
    const book = [...dataset.candidates.valid.subarray(user * 100, user * 100 + 100)]
    const better = book.filter((id) => Math.cos(user + 7 * id) >= Math.cos(user + 7 * wanted)).length
    expect(first.ranks[user]).toBe(better)
  })

  it('makes do with fewer candidates where the domain has no more', () => {
    const small = datasetOf([5], [[1, 2, 3]])
    const { ranks } = evaluate(small, scorerOf(small, () => 1), { split: 'test', mode: 'sampled-100' })
    expect([...ranks]).toEqual([2])
  })
})

describe('the published, mismatched ranking', () => {
  const dataset = datasetOf([200], randomSequences(1500, 200))
  const noise = (user: number, id: number, of: string): number => createRandom(user * 1000 + id, of).next()
  const halfOf = (of: string) => (user: number, id: number): number => noise(user, id, 'shared') + noise(user, id, of) / 3
  const halves = (users: readonly number[], split: 'valid' | 'test', k: number) => ({
    global: blockOf(dataset, halfOf('global'))(users, split, k),
    local: blockOf(dataset, halfOf('local'))(users, split, k),
  })

  it('rates a target with agreeing halves higher than the honest one does', () => {
    // A scorer that is right about a fifth of its targets: both halves lift the target together.
    const lifted = (of: string) => (user: number, id: number): number =>
      halfOf(of)(user, id) + (id === dataset.events[dataset.offsets[user + 1]! - 1] ? 0.4 : 0)
    const scorer = scorerOf(dataset, (user, id) => lifted('global')(user, id) + lifted('local')(user, id), {
      halves: (users, split, k) => ({
        global: blockOf(dataset, lifted('global'))(users, split, k),
        local: blockOf(dataset, lifted('local'))(users, split, k),
      }),
    })
    const users = Array.from({ length: 300 }, (_, u) => u)
    const honest = metrics(evaluate(dataset, scorer, { split: 'test', mode: 'sampled-100', users }).ranks)
    const official = metrics(evaluate(dataset, scorer, { split: 'test', mode: 'official', users }).ranks)
    expect(official.hr10).toBeGreaterThan(honest.hr10 * 1.1)
  })

  it('is the same in every run', () => {
    const scorer = scorerOf(dataset, () => 0, { halves })
    const users = [3, 5, 8]
    expect(evaluate(dataset, scorer, { split: 'test', mode: 'official', users }).ranks)
      .toEqual(evaluate(dataset, scorer, { split: 'test', mode: 'official', users }).ranks)
  })

  it('is refused to a scorer without halves', () => {
    expect(() => evaluate(dataset, scorerOf(dataset, () => 0), { split: 'test', mode: 'official' }))
      .toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
