import { describe, expect, it } from 'vitest'
import { createRandom, hash32, resumeRandom } from '../src/random.ts'

const take = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw)

describe('a seeded stream', () => {
  it('repeats with its seed and use, and differs with another', () => {
    const first = take(20, createRandom(7, 'order').next)
    expect(take(20, createRandom(7, 'order').next)).toEqual(first)
    expect(take(20, createRandom(8, 'order').next)).not.toEqual(first)
    expect(take(20, createRandom(7, 'dropout').next)).not.toEqual(first)
  })

  it('goes on from a saved position as if it had never stopped, in the middle of a normal pair too', () => {
    const random = createRandom(1)
    take(5, random.normal)
    const saved = random.state()
    const unbroken = [...take(3, random.normal), ...take(3, random.next)]
    const resumed = resumeRandom(saved)
    expect([...take(3, resumed.normal), ...take(3, resumed.next)]).toEqual(unbroken)
  })

  it('draws every integer below n about equally often', () => {
    const random = createRandom(3)
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]! += 1
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('draws normals of mean 0 and deviation 1', () => {
    const drawn = take(50_000, createRandom(4).normal)
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length
    const variance = drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(variance - 1)).toBeLessThan(0.03)
  })

  it('shuffles into a permutation', () => {
    const values = take(50, (() => { let i = 0; return () => i++ })())
    const shuffled = createRandom(5).shuffle([...values])
    expect(shuffled).not.toEqual(values)
    expect(shuffled.sort((a, b) => a - b)).toEqual(values)
  })
})

describe('hash32', () => {
  it('is stable over versions, since it orders ties in prepared data', () => {
    expect(hash32('user/item')).toBe(3198767424)
    expect(hash32('a')).not.toBe(hash32('b'))
  })
})
