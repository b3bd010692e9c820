import { describe, expect, it } from 'vitest'
import { DEFAULT_EVALUATE, evaluateSettings } from '../../src/pipeline/evaluate-settings.ts'

describe('settings of evaluate', () => {
  it('come from texts and from lists', () => {
    expect(evaluateSettings({ modes: 'official,full', seed: 7 })).toEqual({ modes: ['full', 'official'], seed: 7 })
    expect(evaluateSettings({ modes: ['sampled-100'] })).toEqual({ modes: ['sampled-100'], seed: 42 })
    expect(evaluateSettings({})).toEqual(DEFAULT_EVALUATE)
  })

  it.each([
    ['modes', { modes: 'full,sampled' }],
    ['modes', { modes: '' }],
    ['modes', { modes: 3 }],
    ['seed', { seed: '7' }],
    ['seed', { seed: -1 }],
    ['k', { k: 10 }],
  ])('are refused with the name of the field: %s in %o', (field, given) => {
    expect(() => evaluateSettings(given)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})
