import { describe, expect, it } from 'vitest'
import type { ItemFields } from '../../src/llm/item-prompt.ts'
import { itemPrompt, itemText, TEMPLATES } from '../../src/llm/item-prompt.ts'

const domains = ['cloth', 'garden_tools']
const product = itemPrompt(domains)
const paper = itemPrompt(domains, { template: 'item-paper/1' })

const full: ItemFields = {
  title: 'Merino base layer',
  brand: 'Fernwell',
  date: '2024-03-01',
  price: 59.5,
  features: ['210 g merino', 'flat seams'],
  categories: ['Base layers'],
  description: 'Warm when wet.',
}

describe('itemText', () => {
  it('keeps the words of each template version, byte for byte', () => {
    expect([TEMPLATES, itemText(product, 'cloth', full).text, itemText(paper, 'cloth', full).text]).toEqual([
      ['item-product/1', 'item-paper/1'],
      'Product from the clothing department. Name: Merino base layer. Maker: Fernwell. Listed: 2024-03-01. Price: 59.5. Highlights: 210 g merino; flat seams. Details: Warm when wet.',
      'Product from the clothing department. Name: Merino base layer. Maker: Fernwell. Listed: 2024-03-01. Price: 59.5. Highlights: 210 g merino; flat seams. Details: Warm when wet.',
    ])
  })

  it('leaves out what is missing, or says "unknown" in the form of the paper', () => {
    const { brand, price, ...rest } = full
    expect([brand, price]).toHaveLength(2)
    expect(itemText(product, 'cloth', rest).text).toBe(
      'Product from the clothing department. Name: Merino base layer. Listed: 2024-03-01. Highlights: 210 g merino; flat seams. Details: Warm when wet.'
    )
    expect(itemText(paper, 'cloth', rest).text).toBe(
      'Product from the clothing department. Name: Merino base layer. Maker: unknown. Listed: 2024-03-01. Price: unknown. Highlights: 210 g merino; flat seams. Details: Warm when wet.'
    )
  })

  it('is short where a title is all that is known', () => {
    expect(itemText(product, 'cloth', { title: 'Trail running shoes' })).toEqual({
      text: 'Product from the clothing department. Name: Trail running shoes.', described: true,
    })
    expect(itemText(paper, 'cloth', { title: 'Trail running shoes' }).text).toBe(
      'Product from the clothing department. Name: Trail running shoes. Maker: unknown. Listed: unknown. Price: unknown.'
    )
  })

  it('takes a brand of 100 characters and not one of 101', () => {
    const of = (length: number): string => itemText(paper, 'cloth', { ...full, brand: 'b'.repeat(length) }).text
    expect(of(100)).toContain(`Maker: ${'b'.repeat(100)}.`)
    expect(of(101)).toContain('Maker: unknown.')
  })

  it('cuts the title at 512 characters, and the paper drops one of more than 100', () => {
    const title = 't'.repeat(600)
    expect(itemText(product, 'cloth', { title }).text)
      .toBe(`Product from the clothing department. Name: ${'t'.repeat(512)}.`)
    expect(itemText(paper, 'cloth', { title, brand: 'Fernwell' }).text).toContain('Name: unknown. Maker: Fernwell.')
  })

  it.each([['features', 'Highlights'], ['description', 'Details']])(
    'cuts the sentence of %s at 128 characters, lead and full stop included', (field, lead) => {
      const long = 'd'.repeat(5_000)
      const { text } = itemText(product, 'cloth', { title: 'x', [field]: field === 'features' ? [long] : long })
      expect(text).toBe(
        `Product from the clothing department. Name: x. ${lead}: ${'d'.repeat(128 - lead.length - 3)}.`
      )
    })

  it('keeps a cut from halving a character', () => {
    const { text } = itemText(product, 'cloth', { title: `${'a'.repeat(511)}🧦` })
    expect(text).toContain(`${'a'.repeat(511)}.`)
    expect(() => encodeURIComponent(text)).not.toThrow()
  })

  it('marks an item without a word about it', () => {
    for (const nothing of [{}, { title: ' \u0000\n', features: [''], categories: [], price: NaN }]) {
      expect(itemText(product, 'garden_tools', nothing)).toEqual({
        text: 'garden tools item, no description', described: false,
      })
    }
  })

  it('takes the categories for highlights where there are no features', () => {
    expect(itemText(product, 'cloth', { title: 'x', categories: ['Socks', 'Wool'] }).text)
      .toContain('Highlights: Socks; Wool.')
  })

  it('puts every kind of white space and control character down as one blank', () => {
    expect(itemText(product, 'cloth', { title: ' a\r\n\tb\u0007 c ' }).text).toContain('Name: a b c.')
  })
})

describe('itemPrompt', () => {
  it('has a noun for each domain: given, known, or the name itself', () => {
    expect(itemPrompt(['sport', 'cloth', 'pet-food'], { nouns: { cloth: 'apparel' } })).toEqual({
      template: 'item-product/1', nouns: { sport: 'sports', cloth: 'apparel', 'pet-food': 'pet food' },
    })
  })
})
