import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluationInput, target, trainPrefix } from '../../src/data/dataset.ts'
import { buildSequences } from '../../src/data/sequences.ts'
import type { SequenceSettings } from '../../src/data/sequences.ts'
import { fillTables, withDatabase } from './tables.ts'
import type { Event } from './tables.ts'

type Pair = [item: number, domain: number]
const golden = JSON.parse(
  readFileSync(new URL('../golden/28_mixed_sequence_and_split.json', import.meta.url), 'utf8')
) as {
  inputs: { events_item_domain_time: [number, number, number][], num_A: number }
  expected: {
    mixed: Pair[]
    global_ids: number[]
    train: Pair[]
    valid: Pair
    test: Pair
    eval_input_valid: Pair[]
    eval_input_test: Pair[]
  }
}
const plain: SequenceSettings = { kCore: 'none', ties: 'input', seed: 42 }
const build = (events: readonly Event[], settings: SequenceSettings = plain) => withDatabase(async (db) => {
  await fillTables(db, events)
  return (await buildSequences(db, settings)).sequences
})
const event = (user: string, item: string, time: number, domain = item[0]!): Event => ({ user, item, domain, time })

describe('mixed sequences', () => {
  it('have the order, the ids and the split of golden case 28', async () => {
    // A user before it buys each item of both domains in turn, so that the numbers are those of the case.
    const { events_item_domain_time: listed, num_A: size } = golden.inputs
    const name = (item: number, domain: number): string => `${'ab'[domain]}${item}`
    const first = [0, 1].flatMap((domain) =>
      Array.from({ length: size }, (_, i) => event('u0', name(i + 1, domain), 1 + domain * size + i)))
    const sequences = await build([...first, ...listed.map(([item, domain, time]) => event('u1', name(item, domain), time))])
    const pair = (id: number): Pair => id > size ? [id - size, 1] : [id, 0]
    const pairs = (ids: Int32Array): Pair[] => Array.from(ids, pair)

    expect(sequences.domains).toEqual([{ name: 'a', size, offset: 0 }, { name: 'b', size, offset: size }])
    expect([...sequences.events.subarray(sequences.offsets[1])]).toEqual(golden.expected.global_ids)
    expect({
      mixed: pairs(sequences.events.subarray(sequences.offsets[1])),
      global_ids: golden.expected.global_ids,
      train: pairs(trainPrefix(sequences, 1)),
      valid: pair(target(sequences, 1, 'valid')),
      test: pair(target(sequences, 1, 'test')),
      eval_input_valid: pairs(evaluationInput(sequences, 1, 'valid')),
      eval_input_test: pairs(evaluationInput(sequences, 1, 'test')),
    }).toEqual(golden.expected)
  })

  it('number users and items by first appearance among what is kept, three domains and more', async () => {
    const sequences = await build([
      event('gone', 'x9', 1), event('zoe', 'z1', 5), event('zoe', 'x2', 4), event('ann', 'y1', 3), event('zoe', 'y1', 6),
      event('ann', 'x1', 2), event('ann', 'x2', 1),
    ])
    expect(sequences.users).toEqual(['zoe', 'ann'])
    expect(sequences.domains.map(({ name, size, offset }) => [name, size, offset]))
      .toEqual([['z', 1, 0], ['x', 2, 1], ['y', 1, 3]])
    expect(sequences.items.map(({ itemId }) => itemId)).toEqual(['z1', 'x2', 'x1', 'y1'])
    expect([...sequences.offsets]).toEqual([0, 3, 6])
    expect([...sequences.events]).toEqual([2, 1, 4, 2, 3, 4])
    expect([...sequences.times]).toEqual([4, 5, 6, 1, 2, 3])
  })

  it('keep repeat purchases, and take the domains that are asked for, in that order', async () => {
    const events = ['x1', 'y1', 'x1', 'y2', 'z1'].map((item, i) => event('ann', item, i + 1))
    const sequences = await build(events, { ...plain, domains: ['y', 'x'] })
    expect(sequences.domains.map(({ name }) => name)).toEqual(['y', 'x'])
    expect([...sequences.events]).toEqual([3, 1, 3, 2])
    await expect(build(events, { ...plain, domains: ['x', 'y', 'w'] }))
      .rejects.toMatchObject({ code: 'dataset_empty', place: { field: 'domains' } })
  })

  it('leave out users with fewer than three events, and are refused where nobody is left', async () => {
    const events = [event('ann', 'x1', 1), event('ann', 'x2', 2)]
    await expect(build(events)).rejects.toMatchObject({ code: 'dataset_empty' })
    await expect(build([])).rejects.toMatchObject({ code: 'dataset_empty' })
    expect((await build([...events, event('ann', 'x1', 3), event('bob', 'x3', 1)])).users).toEqual(['ann'])
  })
})

describe('events of one time', () => {
  const day = ['x1', 'x2', 'x3', 'y1', 'y2', 'y3'].map((item) => event('ann', item, 7))
  const events = [event('ann', 'z1', 3), ...day, event('ann', 'z2', 9)]
  const names = async (list: readonly Event[], settings: SequenceSettings): Promise<string[]> => {
    const sequences = await build(list, settings)
    return Array.from(sequences.events, (id) => sequences.items[id - 1]!.itemId)
  }

  it('are ordered by the seed, not by the file, and stay among themselves', async () => {
    const shuffled: SequenceSettings = { ...plain, ties: 'shuffle' }
    const once = await names(events, shuffled)
    expect(await names(events.toReversed(), shuffled)).toEqual(once)
    expect(once).not.toEqual(events.map(({ item }) => item))
    expect([once[0], once.at(-1)]).toEqual(['z1', 'z2'])
    expect(once.toSorted()).toEqual(events.map(({ item }) => item).toSorted())
    expect(await names(events, { ...shuffled, seed: 43 })).not.toEqual(once)
  })

  it('keep the order of the input where that is asked for', async () => {
    expect(await names(events, plain)).toEqual(events.map(({ item }) => item))
  })
})
