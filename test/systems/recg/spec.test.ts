import { describe, expect, it } from 'vitest'
import { ABLATIONS } from '../../../src/systems/recg/settings.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'
import { systemSpec } from '../../../src/systems/spec.ts'

const domains = ['sport', 'cloth', 'garden'].map((name, k) => ({ name, size: 40, offset: 40 * k }))
const spec = (overrides: Record<string, unknown> = {}) =>
  systemSpec(resolveSettings('llm-recg', 'product', 384, overrides), domains)

describe('the settings of llm-recg', () => {
  it('follow the preset', () => {
    expect(resolveSettings('llm-recg', 'product', 384)).toMatchObject({
      recLoss: 'softmax', itemNorm: 'unit', globalItems: 'dual', subDomains: 3, genForm: 'mean', patterns: 32, alpha: 0.001,
    })
    expect(resolveSettings('llm-recg', 'paper', 384, { backbone: 'gru4rec' })).toMatchObject({
      recLoss: 'bpr',
      negatives: 'perStep',
      negativesPerStep: 5,
      reduction: 'mean',
      itemNorm: 'none',
      width: 256,
      length: 50,
      dropout: 0.5,
      heads: 2,
      learningRate: 1e-4,
      genForm: 'printed',
      layers: 1,
    })
  })

  it.each([
    ['preset', 'official', {}],
    ['source', 'product', { source: '' }],
    ['source', 'product', { source: 'sport,' }],
    ['target', 'product', { target: 3 }],
    ['subDomains', 'product', { subDomains: 0 }],
    ['patterns', 'product', { patterns: -1 }],
    ['genTau', 'product', { genTau: 0 }],
    ['globalItems', 'product', { globalItems: 'text' }],
    ['alpha', 'product', { globalItems: 'projection' }],
    ['heads', 'product', { heads: 3 }],
  ])('refuse a wrong %s by its name', (field, preset, overrides) => {
    expect(() => resolveSettings('llm-recg', preset, 384, overrides))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })

  it('are no settings of any other system', () => {
    expect(() => resolveSettings('llm4cdsr', 'product', 384, { patterns: 3 })).toThrow(/setting "patterns"/)
    expect(() => resolveSettings('sasrec-text', 'product', 384, { globalItems: 'dual' })).toThrow(/globalItems/)
    expect(Object.keys(resolveSettings('llm4cdsr', 'product', 384))).not.toContain('source')
  })

  it('survive JSON unchanged', () => {
    const settings = resolveSettings('llm-recg', 'product', 384)
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings)
  })
})

describe('llm-recg', () => {
  it('learns from its sources alone, and compares texts of all domains', () => {
    const { losses, textPools, threads, fusion, phases } = spec({ source: 'sport' })
    expect(losses.map(({ name, weight }) => [name, weight]))
      .toEqual([['rec.sport', 1], ['gen.intra', -0.001], ['gen.inter', 0.001]])
    expect(textPools!.map(({ name, most }) => [name, most]))
      .toEqual([['sport/0', undefined], ['sport/1', undefined], ['sport/2', undefined], ['cloth', 1024], ['garden', 1024]])
    expect(threads).toHaveLength(1)
    expect(fusion).toBe('pattern')
    expect(phases.map(({ name, begin, train }) => [name, begin, train])).toEqual([
      ['train', 'measured', ['threads', 'items.project', 'temperature']], ['fuse', 'patterns', ['fusion.fuse']],
    ])
    expect(spec({ source: 'sport', start: 'random' }).phases[0]!.begin).toBeUndefined()
  })

  it('sees nothing of its targets where that is asked for', () => {
    const pools = (overrides: Record<string, unknown>) =>
      spec({ source: 'sport', subDomains: 1, ...overrides }).textPools!.map(({ name }) => name)
    expect(pools({})).toEqual(['sport', 'cloth', 'garden'])
    expect(pools({ auxIncludesTarget: false })).toEqual(['sport'])
    expect(pools({ auxIncludesTarget: false, target: 'garden' })).toEqual(['sport', 'cloth'])
    expect(pools({ auxiliary: 'garden' })).toEqual(['sport', 'garden'])
    expect(pools({ auxiliary: 'none' })).toEqual(['sport'])
    expect(pools({ source: 'all' })).toEqual(['sport', 'cloth', 'garden'])
  })

  it('has no loss of a kind that an ablation leaves out', () => {
    const losses = (flag: keyof typeof ABLATIONS) =>
      spec({ source: 'sport', ...ABLATIONS[flag] }).losses.map(({ name }) => name)
    expect(losses('no-ig')).toEqual(['rec.sport'])
    expect(losses('no-id')).toEqual(['rec.sport', 'gen.inter'])
    expect(losses('no-ic')).toEqual(['rec.sport', 'gen.intra'])
    expect(losses('no-sg')).toEqual(['rec.sport', 'gen.intra', 'gen.inter'])
    expect(losses('sem')).toEqual(['rec.sport'])
    expect(spec({ ...ABLATIONS['no-sg'] })).toMatchObject({ fusion: 'single', phases: [{ name: 'train' }] })
    expect(spec({ ...ABLATIONS.sem })).toMatchObject({ fusion: 'single', items: { global: 'projection' } })
    expect(spec({ auxiliary: 'none', source: 'sport', subDomains: 1 }).losses.map(({ name }) => name))
      .toEqual(['rec.sport', 'gen.intra'])
  })

  it('names a domain that the data does not have', () => {
    expect(() => spec({ source: 'sports' }))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field: 'source' } }))
  })
})
