import { describe, expect, it } from 'vitest'
import { recgOverrides } from '../../src/pipeline/recg-flags.ts'
import { resolveSettings } from '../../src/systems/settings.ts'

describe('the flags of llm-recg', () => {
  it('stand for settings', () => {
    const overrides = recgOverrides({ source: 'kitchen', aux: 'none', alpha: '1e-4', tau: '0.5', patterns: '8', in: 'x' })
    expect(overrides).toEqual({ source: 'kitchen', auxiliary: 'none', alpha: 1e-4, genTau: 0.5, patterns: 8 })
    expect(resolveSettings('llm-recg', 'product', 384, overrides)).toMatchObject(overrides)
    expect(recgOverrides({ seed: '3' })).toEqual({})
  })

  it('switch parts off, and a value that is given by name wins', () => {
    expect(recgOverrides({ 'no-id': true, 'no-sg': true })).toEqual({ intra: false, patterns: 0 })
    expect(recgOverrides({ sem: true })).toEqual({ globalItems: 'projection', alpha: 0, patterns: 0 })
    expect(recgOverrides({ sem: true, patterns: '4' })).toMatchObject({ patterns: 4 })
  })

  it('refuse what is no number, by name', () => {
    expect(() => recgOverrides({ alpha: 'much' }))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field: 'alpha' } }))
  })
})
