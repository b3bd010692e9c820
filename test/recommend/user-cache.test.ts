import { describe, expect, it } from 'vitest'
import { createUserCache } from '../../src/recommend/user-cache.ts'

describe('kept user vectors', () => {
  it('are the ones used last', () => {
    const cache = createUserCache(2)
    for (const key of ['a', 'b']) cache.put(key, Float32Array.of(key.charCodeAt(0)))
    expect(cache.get('a')).toEqual(Float32Array.of(97))
    cache.put('c', Float32Array.of(99))
    expect(['a', 'b', 'c'].map((key) => cache.get(key)?.[0])).toEqual([97, undefined, 99])
    cache.clear()
    expect(cache.get('a')).toBeUndefined()
  })

  it('are copies, so that what they were cut from can go', () => {
    const cache = createUserCache(1)
    const batch = Float32Array.of(1, 2, 3, 4)
    cache.put('a', batch.subarray(2, 4))
    expect(cache.get('a')?.buffer.byteLength).toBe(8)
  })

  it('are none where none are wanted', () => {
    const cache = createUserCache(0)
    cache.put('a', Float32Array.of(1))
    expect(cache.get('a')).toBeUndefined()
  })
})
