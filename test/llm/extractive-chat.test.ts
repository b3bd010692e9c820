import { describe, expect, it } from 'vitest'
import type { PromptValues } from '../../src/llm/chat-model.ts'
import { extractiveChat } from '../../src/llm/extractive-chat.ts'
import { chatModelContract } from './chat-model.contract.ts'

chatModelContract('extractiveChat', async () => extractiveChat())

const note = async (template: string, values: PromptValues): Promise<string> => {
  const [answer] = await extractiveChat().complete([{ template, values, step: 'test' }])
  return (answer!.value as { note: string }).note
}
const words = (text: string): number => text.split(/\s+/).length

describe('extractiveChat', () => {
  it('says in its id that no language model spoke', () => {
    expect(extractiveChat().id).toBe('extractive')
  })

  it('puts the titles first that have most in common with the others', async () => {
    const products = ['Garden hose', 'Trail running shoes', 'Running socks', 'Trail map', 'Running shoes for trail days']
    expect(await note('profile-part/1', { products })).toMatch(/^Trail running shoes; Running shoes for trail days; /)
  })

  it('stays within 50 words of a part, 99 of a whole, and 12 of a title', async () => {
    const long = Array.from({ length: 15 }, (_, i) => `title${i} `.repeat(40).trim())
    const part = await note('profile-part/1', { products: long })
    expect(part.split('; ').map(words)).toEqual([12, 12, 12, 12, 2])
    expect(words(await note('profile-history/1', { products: long }))).toBe(99)
    expect(words(await note('profile-whole/1', { notes: [...long, 'short note'] }))).toBe(99)
  })

  it('gives each note its share of a whole, and what a short one leaves to the others', async () => {
    const notes = ['few words', 'many '.repeat(200), 'more '.repeat(200)]
    const whole = await note('profile-whole/1', { notes })
    expect([...whole.matchAll(/many|more|few words/g)].map(([word]) => word).filter((word) => word === 'many')).toHaveLength(49)
    expect(whole).toMatch(/^few words\. many /)
  })

  it('gives every kind of product as many words of a profile, however many notes there are on it', async () => {
    const food = Array.from({ length: 9 }, () => 'food '.repeat(40).trim())
    const whole = await note('profile-analyse/1', {
      domains: [{ kind: 'grocery', notes: food }, { kind: 'home', notes: ['pan '.repeat(60).trim()] }], leanings: [],
    })
    const count = (word: RegExp): number => [...whole.matchAll(word)].length
    expect([count(/food/g), count(/pan/g)]).toEqual([50, 49])
  })

  it('says how choices are spread in the words it is given', async () => {
    expect(await note('profile-reform/1', { option: 'you lean slightly towards food' })).toBe('you lean slightly towards food')
  })

  it('has products of the form that is asked for, so that an estimate knows about how long they are', async () => {
    const values = { chosen: ['Pan'], typical: ['Rice', 'Beans'], count: 4 }
    const [answer] = await extractiveChat().complete([{ template: 'augment-generate/1', values, step: 'test' }])
    expect((answer!.value as { products: Array<{ title: string }> }).products.map(({ title }) => title))
      .toEqual(['Rice 1', 'Beans 2', 'Pan 3', 'Rice 4'])
  })

  it('reads products of several attributes', async () => {
    expect(await note('profile-part/1', { products: [{ title: 'Running socks', categories: ['sport', 'wear'], price: 5 }] }))
      .toBe('Running socks sport wear 5')
  })

  it('has no usable answer where there is nothing to pick from', async () => {
    expect(await extractiveChat().complete([{ template: 'profile-part/1', values: { products: [] }, step: 'test' }]))
      .toEqual([{ problem: 'unusable' }])
  })

  it('takes further rules, whose answers are checked like all', async () => {
    const task = { template: 'profile-part/1', values: { products: ['a'] }, step: 'test' }
    expect(await extractiveChat({ 'profile-part/1': () => ({ note: 'mine' }) }).complete([task])).toEqual([{ value: { note: 'mine' } }])
    expect(await extractiveChat({ 'profile-part/1': () => ['mine'] }).complete([task])).toEqual([{ problem: 'unusable' }])
  })
})
