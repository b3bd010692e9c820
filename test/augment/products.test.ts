import { describe, expect, it } from 'vitest'
import { itemOfProduct, titleKey } from '../../src/augment/products.ts'

const NOTHING = { brand: null, categories: [], price: null, features: [], description: null }

describe('a made-up product as an item', () => {
  it('has what is known of it, in the form and within the limits of the catalogue', () => {
    expect(itemOfProduct({
      title: '  Tea\n kettle ', brand: 'Acme', categories: ['Kitchen', ' '], price: 9.5, features: ['1 l'], description: 'x'.repeat(5_000),
    }, 'kitchen')).toEqual({
      domain: 'kitchen', title: 'Tea kettle', brand: 'Acme', categories: ['Kitchen'], price: 9.5, features: ['1 l'], description: 'x'.repeat(4_096),
    })
    expect(itemOfProduct({ ...NOTHING, title: 'Cup' }, 'kitchen')).toEqual({ domain: 'kitchen', title: 'Cup' })
  })

  it.each([['$12.50', 12.5], ['about 3 dollars', 3], ['cheap', undefined], [-1, undefined], [Infinity, undefined]])(
    'reads the price %j as %j', (price, wanted) => {
      expect(itemOfProduct({ ...NOTHING, title: 'Cup', price }, 'kitchen')!.price).toBe(wanted)
    })

  it('is none without a visible title', () => {
    expect(itemOfProduct({ ...NOTHING, title: '\u200b \u202e' }, 'kitchen')).toBeUndefined()
  })

  it('has the title of another where they differ in case and spaces alone', () => {
    expect(titleKey(' Café  Grinder')).toBe(titleKey('cafe\u0301 grinder'))
    expect(titleKey('Café Grinder 2')).not.toBe(titleKey('Café Grinder'))
  })
})
