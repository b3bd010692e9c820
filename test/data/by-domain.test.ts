import { describe, expect, it } from 'vitest'
import { byDomain } from '../../src/data/by-domain.ts'
import { CANDIDATES_PER_USER, evaluationInput, target, trainPrefix } from '../../src/data/dataset.ts'
import { datasetOf } from '../train/planted.ts'

// A has the items 1..5, B 6..9.
const dataset = datasetOf([5, 4], [[1, 6, 2, 7, 3, 8], [1, 2, 6, 7], [4, 5, 6, 1]])

describe('sequences by domain', () => {
  const split = byDomain(dataset, 'all')

  it('are those of a user\'s own events in each domain, of at least three', () => {
    expect(split.users).toEqual(['u0', 'u2', 'u0'])
    const of = (row: number) => [...split.events.subarray(split.offsets[row]!, split.offsets[row + 1]!)]
    expect([0, 1, 2].map(of)).toEqual([[1, 2, 3], [4, 5, 1], [6, 7, 8]])
    expect([...split.times]).toEqual([0, 2, 4, 10, 11, 13, 1, 3, 5])
  })

  it('hold out their own last two events', () => {
    expect([...trainPrefix(split, 2)]).toEqual([6])
    expect([...evaluationInput(split, 2, 'test')]).toEqual([6, 7])
    expect(target(split, 2, 'test')).toBe(8)
  })

  it('keep items and domains, draw candidates of their own, and have a digest of their own', () => {
    expect(split.items).toBe(dataset.items)
    expect(split.domains).toBe(dataset.domains)
    const drawn = split.candidates.test.subarray(2 * CANDIDATES_PER_USER, 3 * CANDIDATES_PER_USER)
    expect([...drawn.filter((id) => id > 0)]).toEqual([9])
    expect(new Set([dataset, split, byDomain(dataset, 'some')].map(({ digest }) => digest)).size).toBe(3)
    expect(byDomain(dataset, 'all').digest).toBe(split.digest)
  })

  it('may be of some users and domains only', () => {
    expect(byDomain(dataset, 'B', (domain) => domain === 1).users).toEqual(['u0'])
    expect(byDomain(dataset, 'late', (_, user) => user > 0).users).toEqual(['u2'])
  })
})
