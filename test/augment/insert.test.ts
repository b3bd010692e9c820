import { describe, expect, it } from 'vitest'
import { insert, moved } from '../../src/augment/insert.ts'
import type { Accepted, Inserted } from '../../src/augment/insert.ts'
import { createRandom } from '../../src/random.ts'
import { golden } from '../nn/golden.ts'

interface Event { item: number, domain: number, synthetic?: true }

/** Ids that tell the domain. */
const idOf = ({ item, domain }: { item: number, domain: number }): number => 100 * domain + item
const real = ({ events, synthetic }: Inserted): number[] => events.filter((_, i) => synthetic[i] === 0)

describe('insertion', () => {
  it('is that of golden case 16', () => {
    const { inputs: { raw, n_train: train, accepted }, expected } = golden<
      { raw: Event[], n_train: number, accepted: Array<Event & { anchor: number, score: number }> },
      { augmented: Event[], aug_A: number[], aug_B: number[] }
    >('16_edt_insertion')
    const { events, synthetic } = insert(raw.slice(0, train).map(idOf), accepted.map((one) =>
      ({ id: idOf(one), anchor: one.anchor, score: one.score })))
    const whole = [...events, ...raw.slice(train).map(idOf)]
    expect(whole).toEqual(expected.augmented.map(idOf))
    expect([...synthetic, 0, 0]).toEqual(expected.augmented.map(({ synthetic }) => synthetic === true ? 1 : 0))
    expect(whole.filter((id) => id < 100)).toEqual(expected.aug_A)
    expect(whole.filter((id) => id >= 100).map((id) => id - 100)).toEqual(expected.aug_B)
  })

  it('gives the raw prefix back without what was inserted, each of which follows its anchor or others of it', () => {
    const random = createRandom(3)
    for (let round = 0; round < 40; round++) {
      const prefix = Array.from({ length: 1 + random.integer(9) }, () => 1 + random.integer(5))
      const accepted = Array.from({ length: random.integer(8) }, (_, i): Accepted =>
        ({ id: 1000 + i, anchor: random.integer(prefix.length), score: random.next() }))
      const done = insert(prefix, accepted)
      expect(real(done)).toEqual(prefix)
      expect(done.events).toHaveLength(prefix.length + accepted.length)
      for (const { id, anchor, score } of accepted) {
        const at = done.events.indexOf(id)
        let before = at - 1
        while (done.synthetic[before] === 1) before--
        // The anchor is the real event with its number.
        expect(done.synthetic.slice(0, before + 1).filter((flag) => flag === 0)).toHaveLength(anchor + 1)
        for (let i = before + 1; i < at; i++) {
          const neighbour = accepted.find((one) => one.id === done.events[i])!
          expect(neighbour.anchor).toBe(anchor)
          expect(neighbour.score).toBeGreaterThanOrEqual(score)
        }
      }
    }
  })

  it('puts all after the training prefix, or anywhere in it, where an ablation asks for that', () => {
    const accepted = Array.from({ length: 30 }, (_, i): Accepted => ({ id: 100 + i, anchor: 0, score: 1 - i / 100 }))
    const tail = insert([1, 2, 3], moved(accepted, 3, 'tail', createRandom(1)))
    expect(tail.events.slice(0, 3)).toEqual([1, 2, 3])
    const random = moved(accepted, 3, 'random', createRandom(1))
    expect(new Set(random.map(({ anchor }) => anchor))).toEqual(new Set([0, 1, 2]))
    expect(real(insert([1, 2, 3], random))).toEqual([1, 2, 3])
    expect(moved(accepted, 3, 'random', createRandom(1))).toEqual(random)
    expect(moved(accepted, 3, 'anchor', createRandom(1))).toEqual(accepted)
  })
})
