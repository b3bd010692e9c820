import { describe, expect, it } from 'vitest'
import { evaluationInput, trainPrefix } from '../../../src/data/dataset.ts'
import type { Dataset } from '../../../src/data/dataset.ts'
import { COUNTING_BASELINES, countingBaseline } from '../../../src/systems/baselines/counting.ts'
import type { CountingBaseline } from '../../../src/systems/baselines/counting.ts'
import { datasetOf, randomSequences } from '../../evaluate/fixtures.ts'

type Score = (dataset: Dataset, user: number, item: number) => number

const prefixes = (dataset: Dataset): number[][] => dataset.users.map((_, user) => [...trainPrefix(dataset, user)])
const count = <T>(values: readonly T[], wanted: (value: T, place: number) => boolean): number =>
  values.filter(wanted).length
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const lastFirst = (dataset: Dataset, user: number, n: number): number[] =>
  [...evaluationInput(dataset, user, 'test')].slice(-n).reverse()
const popularityOf = (dataset: Dataset, item: number): number => count(prefixes(dataset).flat(), (id) => id === item)

/** The definitions once more, word for word and slow. */
const naive: Record<CountingBaseline, Score> = {
  popularity: (dataset, _user, item) => popularityOf(dataset, item),
  transitions: (dataset, user, item) => sum(lastFirst(dataset, user, 10).map((from, k) =>
    0.6 ** k * sum(prefixes(dataset).map((prefix) =>
      count(prefix, (id, place) => id === item && prefix[place - 1] === from))))),
  'item-knn': (dataset, user, item) => sum(lastFirst(dataset, user, 10).map((from, k) => {
    const together = sum(prefixes(dataset).map((prefix) => sum(prefix.map((a, i) =>
      count(prefix, (b, j) => i !== j && a === from && b === item)))))
    return together && 0.8 ** k * together / Math.sqrt(popularityOf(dataset, from) * popularityOf(dataset, item))
  })),
  'vs-knn': (dataset, user, item) => {
    const all = prefixes(dataset)
    const history = [...evaluationInput(dataset, user, 'test')].slice(-20)
    const weight = (id: number): number => (history.lastIndexOf(id) + 1) / history.length
    const idf = (id: number): number => Math.log(all.length / count(all, (prefix) => prefix.includes(id)))
    const neighbours = all.map((prefix, other) => ({ prefix, other }))
      .filter(({ prefix, other }) => other !== user && prefix.some((id) => history.includes(id)))
      .map(({ prefix, other }) => {
        const shared = [...new Set(prefix)].filter((id) => history.includes(id))
        return { prefix, other, similarity: sum(shared.map((id) => weight(id) * idf(id))) }
      })
      .sort((a, b) => b.similarity - a.similarity || a.other - b.other).slice(0, 100)
    return sum(neighbours.map(({ prefix, similarity }) => {
      const match = prefix.lastIndexOf(prefix.reduce((best, id) => weight(id) > weight(best) ? id : best))
      return sum(prefix.map((id, place) => id === item ? similarity * idf(id) / (1 + Math.abs(place - match)) : 0))
    }))
  },
}

describe.each(Object.keys(COUNTING_BASELINES).map(countingBaseline))('%s', (name) => {
  // Small enough for chance to repeat items, with more users than neighbours; the last item is in nobody's prefix.
  const sequences = randomSequences(140, 29).map((sequence, u) => u === 0 ? [...sequence, 30] : sequence)
  const dataset = datasetOf([12, 18], sequences)
  const scorer = COUNTING_BASELINES[name](dataset)
  const users = [0, 1, 2, 3, 77]

  it('scores every item of either domain as its definition says', () => {
    for (const [k, { offset, size }] of dataset.domains.entries()) {
      const scores = scorer.score(users, 'test', k)
      expect(scores.length).toBe(users.length * size)
      for (const [row, user] of users.entries()) {
        for (let j = 0; j < size; j++) {
          const expected = naive[name](dataset, user, offset + j + 1)
          expect(Math.abs(scores[row * size + j]! - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, expected))
        }
      }
    }
  })

  it('has no evidence for an item that no training prefix holds', () => {
    expect(scorer.zeroIsAbsent).toBe(true)
    expect(scorer.score([5], 'test', 1).at(-1)).toBe(0)
  })

  it('never looks at a target or, for validation, past it', () => {
    const altered = sequences.map((sequence) => [...sequence.slice(0, -2), 7, 9])
    const poisoned = COUNTING_BASELINES[name](datasetOf([12, 18], altered))
    expect(poisoned.score(users, 'valid', 0)).toEqual(scorer.score(users, 'valid', 0))
  })
})

describe('counting baselines', () => {
  it('are known by the name of their scorer', () => {
    const dataset = datasetOf([3], [[1, 2, 3]])
    for (const [name, create] of Object.entries(COUNTING_BASELINES)) expect(create(dataset).name).toBe(name)
    expect(() => countingBaseline('toString'))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field: 'baseline' } }))
  })
})
