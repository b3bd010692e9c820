import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { groups } from '../../src/evaluate/groups.ts'
import { datasetOf, randomSequences, scorerOf } from './fixtures.ts'

describe('groups', () => {
  // Items 1..4 are of the first domain, 5..6 of the second; item 1 is in training prefixes three times, 4 never.
  const dataset = datasetOf([4, 2], [
    [1, 2, 3, 1],
    [1, 1, 2, 5, 6, 3, 5],
    [5, 6, 2, 4]
  ])
  const evaluation = evaluate(dataset, scorerOf(dataset, () => 1), { split: 'test', mode: 'full' })
  const { inputLength, targetPopularity, domainsInInput, targetDomainInInput } = groups(dataset, evaluation)
  const usersOf = (buckets: Readonly<Record<string, { users: number }>>): Record<string, number> =>
    Object.fromEntries(Object.entries(buckets).map(([name, { users }]) => [name, users]))

  it('count the input, not the target', () => {
    expect(usersOf(inputLength)).toEqual({ '<5': 2, '5-9': 1, '10-14': 0, '15-19': 0, '>=20': 0 })
  })

  it('tell cold targets from those that training has seen', () => {
    expect(usersOf(targetPopularity)).toEqual({ 0: 1, '1-4': 2, '5-9': 0, '10-49': 0, '>=50': 0 })
  })

  it('tell users of one domain from users of several, and targets in a domain that is new to the user', () => {
    expect(usersOf(domainsInInput)).toEqual({ one: 1, several: 2 })
    expect(usersOf(targetDomainInInput)).toEqual({ yes: 3, no: 0 })
  })

  it('hold every user once', () => {
    const many = datasetOf([50, 50], randomSequences(200, 100))
    const split = groups(many, evaluate(many, scorerOf(many, (u, i) => Math.sin(u + i)), { split: 'test', mode: 'full' }))
    for (const buckets of Object.values(split)) {
      const counted = Object.values(usersOf(buckets as Parameters<typeof usersOf>[0]))
      expect(counted.reduce((sum, users) => sum + users, 0)).toBe(200)
    }
  })
})
