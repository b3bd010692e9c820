import { describe, expect, it } from 'vitest'
import { createModelPool, type ServingModel, type Share } from '../../src/recommend/model-pool.ts'

const model = (): ServingModel => ({}) as ServingModel
const [a, b, c] = [model(), model(), model()]
const users = Array.from({ length: 10_000 }, (_, i) => `user-${i}`)

function countOf (shares: readonly Share[], wanted: ServingModel): number {
  const pool = createModelPool(shares)
  return users.filter((userId) => pool.take(userId).model === wanted).length
}

describe('the models that answer', () => {
  it('split the users by their weights, and keep callers without an id with the lead', () => {
    const shares: Share[] = [
      { model: a, weight: 0.7, variant: 'control' }, { model: b, weight: 0.2, variant: 'b' },
      { model: c, weight: 0.1, variant: 'c' },
    ]
    // Three standard deviations of a fair split.
    expect(Math.abs(countOf(shares, b) - 2000)).toBeLessThan(120)
    expect(Math.abs(countOf(shares, c) - 1000)).toBeLessThan(90)
    const pool = createModelPool(shares)
    expect(pool.take().variant).toBe('control')
    expect(pool.take().model).toBe(a)
  })

  it('keep a user where the share of its model grows', () => {
    const split = (weight: number): Share[] => [{ model: a, weight: 1 - weight }, { model: b, weight }]
    const [small, large] = [createModelPool(split(0.1)), createModelPool(split(0.3))]
    const moved = users.filter((userId) => small.take(userId).model === b && large.take(userId).model !== b)
    expect(moved).toEqual([])
  })

  it('change in one step, while what was taken before stays whole', async () => {
    const pool = createModelPool([{ model: a, weight: 1 }])
    const [first, second] = [pool.take('u'), pool.take('v')]
    pool.swap([{ model: b, weight: 1 }])
    expect([pool.lead, pool.take('u').model, first.model]).toEqual([b, b, a])
    let idle = false
    const waiting = pool.idle(a).then(() => { idle = true })
    first.release()
    first.release()
    await Promise.resolve()
    expect(idle).toBe(false)
    second.release()
    await waiting
    await pool.idle(a)
  })
})
