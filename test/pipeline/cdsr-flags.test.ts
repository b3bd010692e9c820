import { describe, expect, it } from 'vitest'
import { cdsrOverrides } from '../../src/pipeline/cdsr-flags.ts'

describe('the flags of LLM4CDSR', () => {
  it('stand for settings, the ablations for those of the paper', () => {
    expect(cdsrOverrides({ system: 'sasrec-ids', alpha: '1' })).toEqual({})
    expect(cdsrOverrides({ beta: '5', 'no-reg': true })).toEqual({ beta: 5, alpha: 0 })
    expect(cdsrOverrides({ 'no-unified': true, 'no-profile': true }))
      .toEqual({ globalItems: 'ids', localInit: 'random', beta: 0 })
    expect(cdsrOverrides({ 'no-init': true })).toEqual({ localInit: 'random' })
  })

  it.each([
    ['alpha', { 'no-reg': true, alpha: '1' }], ['beta', { 'no-profile': true, beta: '1' }], ['beta', { beta: 'much' }],
    ['beta', { beta: '' }], ['no-init', { 'no-init': true, system: 'sasrec-text' }],
  ])('refuse a wrong %s: %j', (field, flags) => {
    expect(() => cdsrOverrides(flags)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})
