import { describe, expect, it } from 'vitest'
import { augmentSettings, DEFAULT_AUGMENT } from '../../src/pipeline/augment-settings.ts'

describe('the settings of augment', () => {
  it('are ours for what the paper leaves open, without a network, where nothing is given', () => {
    expect(augmentSettings({})).toEqual({ ...DEFAULT_AUGMENT, chat: { chat: 'extractive' } })
    expect(DEFAULT_AUGMENT).toMatchObject({ kmeansK: 10, nGenerate: 10, filterTopK: 5, filterTau: 'auto', insert: 'anchor' })
  })

  it('take an endpoint, a threshold, and no grounding', () => {
    const chat = { chat: 'openai', model: 'm' }
    expect(augmentSettings({ ...chat, filterTau: 0.9, ground: false, insert: 'tail', attributes: { food: ['title'] } }))
      .toEqual({ ...DEFAULT_AUGMENT, chat, filterTau: 0.9, ground: false, insert: 'tail', attributes: { food: ['title'] } })
  })

  it.each([
    ['chat', { chat: 'claude' }], ['model', { model: 'm' }], ['kmeansK', { kmeansK: 0 }], ['nGenerate', { nGenerate: 26 }],
    ['nGenerate', { nGenerate: 0 }], ['filterTopK', { filterTopK: 0 }], ['filterTau', { filterTau: 2 }],
    ['filterTau', { filterTau: '0.9' }], ['filter', { filter: 'no' }], ['insert', { insert: 'head' }],
    ['ground', { ground: false }], ['groundTau', { groundTau: 2 }], ['injectRatio', { injectRatio: 1.5 }],
    ['injectMinR', { injectMinR: -1 }], ['attributes', { attributes: ['title'] }], ['seed', { seed: -1 }],
    ['colour', { colour: 'red' }],
  ])('name %s where it is wrong: %j', (field, given) => {
    expect(() => augmentSettings(given)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})
