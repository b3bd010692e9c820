import { describe, expect, it } from 'vitest'
import { DEFAULT_PROFILE, profileSettings } from '../../src/pipeline/profile-settings.ts'
import { openSpending } from '../../src/pipeline/spending.ts'

describe('the settings of profile', () => {
  it('are those of the paper, without a network, where nothing is given', () => {
    expect(profileSettings({})).toEqual({ ...DEFAULT_PROFILE, chat: { chat: 'extractive' } })
    expect(DEFAULT_PROFILE).toMatchObject({ clusters: 10, latest: 15, partition: true, seed: 42 })
  })

  it('take an endpoint, and what of an item is shown in each domain', () => {
    const given = { chat: 'openai', model: 'm', baseUrl: 'http://localhost/v1', temperature: 0, topP: 0.9 }
    expect(profileSettings({ ...given, attributes: { book: ['title', 'categories'] } }))
      .toEqual({ ...DEFAULT_PROFILE, chat: given, attributes: { book: ['title', 'categories'] } })
  })

  it.each([
    ['chat', { chat: 'claude' }], ['model', { model: 'm' }], ['baseUrl', { chat: 'openai', baseUrl: '' }],
    ['temperature', { chat: 'openai', temperature: 3 }], ['topP', { chat: 'openai', topP: -1 }], ['clusters', { clusters: 0 }],
    ['latest', { latest: 1.5 }], ['partition', { partition: 'no' }], ['seed', { seed: -1 }], ['colour', { colour: 'red' }],
    ['mode', { mode: 'rough' }], ['partition', { mode: 'domain-aware', partition: false }],
    ['attributes', { attributes: ['title'] }], ['attributes.book', { attributes: { book: [] } }],
    ['attributes.book', { attributes: { book: ['pages'] } }],
  ])('name %s where it is wrong: %j', (field, given) => {
    expect(() => profileSettings(given)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})

describe('the flags of spending', () => {
  it.each([
    ['max-usd', { 'max-usd': '5$' }], ['at-once', { 'at-once': '0' }], ['prices', { prices: '/nowhere.json' }],
    ['prices', { prices: import.meta.filename }],
  ])('name --%s where it is wrong: %j', async (field, flags) => {
    await expect(openSpending(flags)).rejects.toMatchObject({ code: 'config_invalid', place: { field } })
  })
})
