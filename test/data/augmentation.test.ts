import { describe, expect, it } from 'vitest'
import { itemsWithFresh, modelInput, syntheticFlags, trainInput, withAugmentation } from '../../src/data/augmentation.ts'
import { byDomain } from '../../src/data/by-domain.ts'
import { domainOf, evaluationInput, target, trainPrefix } from '../../src/data/dataset.ts'
import { trainCounts } from '../../src/data/train-counts.ts'
import { augmentation, augmented, shop } from './augmented-shop.ts'

describe('a dataset with synthetic events', () => {
  it('gives encoders the training prefix with them, and the real validation item after it', () => {
    expect([...trainInput(augmented, 0)]).toEqual([1, 7, 4, 2])
    expect([...syntheticFlags(augmented, 0)!]).toEqual([0, 1, 0, 1])
    expect([...modelInput(augmented, 0, 'valid')]).toEqual([1, 7, 4, 2])
    expect([...modelInput(augmented, 0, 'test')]).toEqual([1, 7, 4, 2, 5])
    expect([...trainInput(augmented, 1)]).toEqual([4])
  })

  it('gives encoders the real events alone where there are no others', () => {
    expect([...trainInput(shop, 0)]).toEqual([1, 4])
    expect(syntheticFlags(shop, 0)).toBeUndefined()
    expect([...modelInput(shop, 0, 'test')]).toEqual([1, 4, 5])
  })

  it('keeps them out of targets, of what was seen, and of counts', () => {
    for (const user of shop.users.keys()) {
      expect(trainPrefix(augmented, user)).toEqual(trainPrefix(shop, user))
      for (const split of ['valid', 'test'] as const) {
        expect(target(augmented, user, split)).toBe(target(shop, user, split))
        expect(evaluationInput(augmented, user, split)).toEqual(evaluationInput(shop, user, split))
      }
    }
    // Item 2 is real, and its only training event is synthetic.
    expect([...trainCounts(augmented)]).toEqual([0, 1, 0, 0, 2, 0, 0])
  })

  it('numbers fresh items after all real ones, and knows their domain', () => {
    expect([1, 3, 4, 6, 7, 8].map((id) => domainOf(augmented.domains, id))).toEqual([0, 0, 1, 1, 0, 1])
    expect(augmented.domains.map(({ size, offset }) => ({ size, offset })))
      .toEqual(shop.domains.map(({ size, offset }) => ({ size, offset })))
    expect([itemsWithFresh(augmented), itemsWithFresh(shop)]).toEqual([8, 6])
  })

  it('is the same question as without them: same digest, same candidates', () => {
    expect(augmented.digest).toBe(shop.digest)
    expect(augmented.candidates).toBe(shop.candidates)
  })

  it('loses them where it is taken apart by domain', () => {
    expect(byDomain(augmented, 'test')).not.toHaveProperty('augmentation')
  })

  it.each([
    ['a real event is missing', { events: Int32Array.of(1, 7, 2, 2, 4) }],
    ['real events have changed their order', { events: Int32Array.of(4, 7, 1, 2, 4) }],
    ['a fresh item is said to be a real event', { synthetic: Int32Array.of(0, 0, 0, 1, 0) }],
    ['fresh items are not in the order of domains', { items: augmentation.items.toReversed() }],
    ['a fresh item is of no domain', { items: [{ itemId: 'x', domain: 'books' }] }],
    ['there are other users', { offsets: Uint32Array.of(0, 5) }],
  ])('is refused where %s', (_, change) => {
    expect(() => withAugmentation(shop, { ...augmentation, ...change }))
      .toThrow(expect.objectContaining({ code: 'artefact_invalid' }))
  })
})
