import { describe, expect, it } from 'vitest'
import { mergeHistory } from '../../src/recommend/merge-history.ts'

describe('mergeHistory', () => {
  it('sorts stored and given by time, and puts what has no time last, as given', () => {
    const stored = [{ itemId: 'a', timestamp: 10 }, { itemId: 'b', timestamp: 30 }]
    const given = [{ itemId: 'x' }, { itemId: 'c', timestamp: 20 }, { itemId: 'y' }]
    expect(mergeHistory(stored, given)).toEqual(['a', 'c', 'b', 'x', 'y'])
  })

  it('keeps stored before given where times are equal', () => {
    expect(mergeHistory([{ itemId: 'a', timestamp: 5 }], [{ itemId: 'b', timestamp: 5 }])).toEqual(['a', 'b'])
  })

  it('counts an item in both once, at its latest place', () => {
    const stored = [{ itemId: 'a', timestamp: 1 }, { itemId: 'b', timestamp: 2 }]
    expect(mergeHistory(stored, [{ itemId: 'a' }])).toEqual(['b', 'a'])
    expect(mergeHistory(stored, [{ itemId: 'b', timestamp: 0 }])).toEqual(['a', 'b'])
  })

  it('keeps an item that one side names twice', () => {
    expect(mergeHistory([], [{ itemId: 'a' }, { itemId: 'b' }, { itemId: 'a' }])).toEqual(['a', 'b', 'a'])
  })
})
