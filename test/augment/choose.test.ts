import { describe, expect, it } from 'vitest'
import { choose } from '../../src/augment/choose.ts'
import type { ChoiceSettings } from '../../src/augment/choose.ts'
import type { Candidate } from '../../src/augment/read-answers.ts'
import { datasetOf } from '../train/planted.ts'

/** Training events 3 of A and 1 of B, then as many of either, then of A alone. */
const dataset = datasetOf([4, 4], [[1, 2, 3, 5, 1, 1], [1, 5, 2, 6, 1, 1], [1, 2, 3, 4, 1, 1]])
const ALL: ChoiceSettings = { filter: true, filterTopK: 2, filterTau: 0.5, injectRatio: 1, injectMinR: 0, seed: 1 }

function candidate (user: number, rank: number, target: number): Candidate {
  const direction = { user, from: 0, to: 1, source: [{ id: 1, position: 0 }], target: [{ id: 5 }] }
  return { direction, item: { domain: 'B' }, outcome: 'kept', score: { rank, target, source: 0.9, anchor: 0 } }
}

const outcomes = (given: readonly Candidate[], settings: Partial<ChoiceSettings> = {}): string[] =>
  choose(dataset, given, { ...ALL, ...settings }).candidates.map(({ outcome }) => outcome)

describe('the choice among generated items', () => {
  it('says of each whether its rank or its threshold was not enough', () => {
    const given = [candidate(0, 1, 0.9), candidate(0, 3, 0.9), candidate(0, 2, 0.4), candidate(0, 2, 0.5)]
    expect(outcomes(given)).toEqual(['kept', 'belowRank', 'belowTau', 'kept'])
    expect(outcomes(given, { filter: false })).toEqual(['kept', 'kept', 'kept', 'kept'])
    expect(choose(dataset, given, ALL).tau).toBe(0.5)
    expect(choose(dataset, given, { ...ALL, filter: false })).not.toHaveProperty('tau')
  })

  it('leaves what was dropped before as it was, and out of the calibration', () => {
    const dropped: Candidate = { ...candidate(0, 1, 0.99), outcome: 'inCatalogue' }
    const given = [dropped, candidate(0, 1, 0.6), candidate(1, 1, 0.2), candidate(2, 1, 0.1)]
    expect(outcomes(given, { filterTau: 'auto' })).toEqual(['inCatalogue', 'kept', 'belowTau', 'belowTau'])
  })

  it('gives nothing to users whose training events lie more evenly than asked for', () => {
    const given = [candidate(0, 1, 0.9), candidate(1, 1, 0.9), candidate(2, 1, 0.9)]
    expect(outcomes(given, { injectMinR: 0.5 })).toEqual(['kept', 'belowMinR', 'kept'])
    expect(outcomes(given, { injectMinR: 0.9 })).toEqual(['belowMinR', 'belowMinR', 'kept'])
  })

  it('inserts a share of what passed, and of a smaller share nothing that a larger one leaves out', () => {
    const given = Array.from({ length: 100 }, (_, i) => candidate(i % 3, 1, 0.9))
    const kept = (injectRatio: number): number[] =>
      outcomes(given, { injectRatio }).flatMap((outcome, i) => outcome === 'kept' ? [i] : [])
    expect([0, 0.3, 0.6, 1].map((share) => kept(share).length)).toEqual([0, 30, 60, 100])
    expect(kept(0.6)).toEqual(expect.arrayContaining(kept(0.3)))
  })
})
