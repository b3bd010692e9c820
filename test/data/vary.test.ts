import { describe, expect, it } from 'vitest'
import { domainOf, trainPrefix } from '../../src/data/dataset.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import type { Sequences } from '../../src/data/sequences.ts'
import { restrict, thinOverlap } from '../../src/data/vary.ts'
import { datasetOf, plantedShop } from '../train/planted.ts'

const { dataset } = plantedShop({ users: 60 })

const named = ({ items, users, offsets, events }: Sequences): Map<string, string[]> => new Map(users.map((user, u) =>
  [user, Array.from(events.subarray(offsets[u]!, offsets[u + 1]!), (id) => items[id - 1]!.itemId)]))

const overlapping = (sequences: Sequences): string[] => sequences.users.filter((_, u) =>
  new Set(Array.from(trainPrefix(sequences, u), (id) => domainOf(sequences.domains, id))).size > 1)

describe('some of a dataset', () => {
  it('keeps as many users as asked for, whole, and only what they had', () => {
    const some = restrict(dataset, { seed: 1, mostUsers: 7 })
    expect(some.users).toHaveLength(7)
    const [before, after] = [named(dataset), named(some)]
    for (const [user, events] of after) expect(events).toEqual(before.get(user))
    expect(new Set([...after.values()].flat()).size).toBe(some.items.length)
    expect(some.domains.reduce((sum, { size }) => sum + size, 0)).toBe(some.items.length)
    for (const { name, offset, size } of some.domains) {
      expect(some.items.slice(offset, offset + size).every(({ domain }) => domain === name)).toBe(true)
    }
    expect(restrict(dataset, { seed: 2, mostUsers: 7 }).users).not.toEqual(some.users)
  })

  it('takes a share of each domain\'s items out of every sequence', () => {
    const some = restrict(dataset, { seed: 1, heldOutItems: 0.1 })
    expect(some.domains.map(({ size }) => size)).toEqual([18, 18])
    const left = new Set(some.items.map(({ itemId }) => itemId))
    const wanted = [...named(dataset)].map(([user, events]) => [user, events.filter((id) => left.has(id))] as const)
      .filter(([, events]) => events.length >= 3)
    expect(named(some)).toEqual(new Map(wanted))
    expect([...some.times]).toHaveLength(some.events.length)
  })

  it('leaves out users who would have too few events', () => {
    const few = datasetOf([4, 4], [[1, 5, 2, 6], [1, 2, 3, 5, 6, 7, 8, 4], [5, 1, 2, 6, 7]])
    const some = restrict(few, { seed: 3, heldOutItems: 0.5 })
    for (const events of named(some).values()) expect(events.length).toBeGreaterThanOrEqual(3)
    expect(some.users.length).toBeLessThan(3)
    expect(() => restrict(few, { seed: 3, heldOutItems: 1 })).toThrow(expect.objectContaining({ code: 'dataset_empty' }))
  })
})

describe('fewer users of several domains', () => {
  it('are those asked for, with one domain left in their training events and their targets as they were', () => {
    const before = overlapping(dataset)
    const half = thinOverlap(dataset, { seed: 1, overlapRatio: 0.5 })
    expect(overlapping(half)).toHaveLength(Math.round(before.length / 2))
    const [was, is] = [named(dataset), named(half)]
    for (const [user, events] of is) {
      expect(events.slice(-2)).toEqual(was.get(user)!.slice(-2))
      if (overlapping(half).includes(user)) expect(events).toEqual(was.get(user))
    }
    expect(half.users).toEqual(dataset.users)
    expect(half.items).toBe(dataset.items)
    const kept = new Set([...is.values()].flatMap((events) => events.slice(0, -2).map((id) => id[0])))
    expect([...kept].sort()).toEqual(['A', 'B'])
  })

  it('are among those of a larger ratio', () => {
    const at = (overlapRatio: number) => overlapping(thinOverlap(dataset, { seed: 1, overlapRatio }))
    const [quarter, half] = [at(0.25), at(0.5)]
    expect(quarter.length).toBeGreaterThan(0)
    expect(quarter.filter((user) => !half.includes(user))).toEqual([])
    expect(at(0)).toEqual([])
    expect(thinOverlap(dataset, { seed: 1, overlapRatio: 1 }).events).toEqual(dataset.events)
  })
})

describe('settings of what studies change', () => {
  it('are absent unless asked for, and refused out of range', () => {
    expect(Object.keys(prepareSettings({}))).toEqual(['kCore', 'ties', 'seed', 'maxBadShare'])
    expect(prepareSettings({ overlapRatio: '0.25', heldOutItems: 0.1, mostUsers: '300' }))
      .toMatchObject({ overlapRatio: 0.25, heldOutItems: 0.1, mostUsers: 300 })
    for (const [field, value] of [['overlapRatio', 1.5], ['heldOutItems', 'some'], ['mostUsers', 0]] as const) {
      expect(() => prepareSettings({ [field]: value })).toThrow(
        expect.objectContaining({ code: 'config_invalid', place: { field } }))
    }
  })
})
