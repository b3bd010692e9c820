import { describe, expect, it } from 'vitest'
import { leaningOf } from '../../src/profile/leanings.ts'

const NOUNS = ['grocery', 'kitchen']

describe('how choices are spread', () => {
  it.each([
    [[5, 5], 0, 'your choices are spread evenly over grocery and kitchen'],
    [[4, 6], 1, 'you lean slightly towards kitchen'],
    [[7, 3], 2, 'grocery clearly outweighs kitchen'],
    [[2, 8], 3, 'most of your choices are in kitchen, few in grocery'],
    [[9, 0], 4, 'nearly all your choices are in grocery; the rare signs about kitchen matter most'],
  ])('of %j is option %i', (counts, option, text) => {
    for (const k of [0, 1]) expect(leaningOf(counts, NOUNS, k)).toMatchObject({ option, text })
  })

  it('is seen from each of more than two domains against the rest', () => {
    const three = [...NOUNS, 'book']
    expect([0, 1, 2].map((k) => leaningOf([6, 3, 1], three, k).text)).toEqual([
      'you lean slightly towards grocery',
      'everything else clearly outweighs kitchen',
      'nearly all your choices are in everything else; the rare signs about book matter most',
    ])
  })
})
