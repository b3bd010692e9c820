import { describe, expect, it } from 'vitest'
import { mostEpochs, resolveSettings } from '../../src/systems/settings.ts'
import { localThread, systemSpec } from '../../src/systems/spec.ts'

const domains = [{ name: 'sport', size: 3, offset: 0 }, { name: 'cloth', size: 2, offset: 3 }]

describe('settings', () => {
  it('follow the preset in every value that papers and published programs disagree on', () => {
    expect(resolveSettings('llm4cdsr', 'product', 384)).toMatchObject({
      recLoss: 'softmax',
      reduction: 'mean',
      itemNorm: 'unit',
      contrastive: 'dcl',
      maskMode: 'causal_pad',
      embScale: Math.sqrt(128),
      trainLocal: true,
      negatives: 'shared',
      firstInDomain: 'globalOnly',
      emptyLocal: 'zero',
      learningRate: 0.001,
    })
    expect(resolveSettings('llm4cdsr', 'paper', 384)).toMatchObject({
      recLoss: 'bpr',
      reduction: 'sum',
      itemNorm: 'none',
      contrastive: 'dcl',
      maskMode: 'causal_pad',
      embScale: Math.sqrt(128),
      trainLocal: true,
      negatives: 'perStep',
      firstInDomain: 'drop',
      learningRate: 0.01,
    })
    expect(resolveSettings('llm4cdsr', 'official', 384)).toMatchObject({
      recLoss: 'bce',
      reduction: 'mean',
      itemNorm: 'none',
      contrastive: 'soft',
      maskMode: 'none',
      embScale: Math.sqrt(384),
      trainLocal: false,
      negatives: 'published',
      firstInDomain: 'drop',
      emptyLocal: 'bias',
      learningRate: 0.001,
    })
  })

  it('say how many epochs all phases may take together', () => {
    const most = (system: string, overrides: Record<string, unknown>): number =>
      mostEpochs(resolveSettings(system, 'product', 384, overrides))
    expect(most('llm4cdsr', { epochs: 7 })).toBe(7)
    expect(most('llm-edt', { epochs: 7, dftEpochs: 4 })).toBe(11)
    expect(most('llm-edt', { epochs: 7, dft: false })).toBe(7)
    expect(most('llm-recg', { epochs: 7, fuseEpochs: 3 })).toBe(10)
    expect(most('llm-recg', { epochs: 7, patterns: 0 })).toBe(7)
  })

  it('scale by the width that is asked for, unless told the scale itself', () => {
    expect(resolveSettings('llm4cdsr', 'product', 384, { width: 64 }).embScale).toBe(8)
    expect(resolveSettings('llm4cdsr', 'product', 384, { embScale: 3 }).embScale).toBe(3)
  })

  it.each([
    ['system', 'gru', 'product', {}],
    ['preset', 'sasrec-ids', 'best', {}],
    ['colour', 'llm4cdsr', 'product', { colour: 1 }],
    ['heads', 'llm4cdsr', 'product', { heads: 3 }],
    ['width', 'llm4cdsr', 'product', { width: '128' }],
    ['dropout', 'llm4cdsr', 'product', { dropout: 1 }],
    ['alpha', 'llm4cdsr', 'product', { alpha: Number.NaN }],
    ['gamma', 'llm4cdsr', 'product', { gamma: Infinity }],
    ['width', 'llm4cdsr', 'product', { width: 512 }],
    ['width', 'llm4cdsr', 'product', { width: 0 }],
    ['length', 'llm4cdsr', 'product', { length: 2.5 }],
    ['learningRate', 'llm4cdsr', 'product', { learningRate: -1 }],
    ['learningRate', 'llm4cdsr', 'product', { learningRate: '0.01' }],
    ['batchSize', 'llm4cdsr', 'product', { batchSize: 0 }],
    ['epochs', 'llm4cdsr', 'product', { epochs: null }],
    ['patience', 'llm4cdsr', 'product', { patience: 0 }],
    ['temperature', 'llm4cdsr', 'product', { temperature: 0 }],
    ['sharedNegatives', 'llm4cdsr', 'product', { sharedNegatives: 0 }],
    ['trainLocal', 'llm4cdsr', 'product', { trainLocal: 'yes' }],
    ['recLoss', 'llm4cdsr', 'product', { recLoss: 'hinge' }],
    ['maskMode', 'llm4cdsr', 'product', { maskMode: 'bidirectional' }],
    ['preset', 'sasrec-ids', 'official', {}],
    ['maskMode', 'sasrec-ids', 'product', { maskMode: 'none' }],
    ['seed', 'llm4cdsr', 'product', { seed: -1 }],
    ['alpha', 'sasrec-ids', 'product', { alpha: 0.1 }],
    ['beta', 'llm4cdsr', 'product', { beta: 0.1 }],
    ['negatives', 'llm4cdsr', 'product', { recLoss: 'bpr' }],
    ['itemNorm', 'llm4cdsr', 'official', { itemNorm: 'unit' }],
    ['system', 'llm4cdsr', 'product', { system: 'sasrec-ids' }],
    ['backbone', 'llm4cdsr', 'product', { backbone: 'lstm' }],
    ['backbone', 'llm4cdsr', 'product', { backbone: 1 }],
    ['backbone', 'gru4rec', 'product', { backbone: 'sasrec' }],
    ['backbone', 'llm4cdsr', 'official', { backbone: 'gru4rec', emptyLocal: 'zero' }],
    ['preset', 'bert4rec', 'official', {}],
    ['maskMode', 'llm4cdsr', 'product', { maskMode: 'pad' }],
    ['maskMode', 'llm4cdsr', 'product', { backbone: 'gru4rec', maskMode: 'none' }],
    ['maskMode', 'bert4rec', 'product', { maskMode: 'causal_pad' }],
    ['maskMode', 'sasrec-ids', 'product', { backbone: 'bert4rec', maskMode: 'causal' }],
    ['emptyLocal', 'llm4cdsr', 'paper', { backbone: 'gru4rec', emptyLocal: 'bias' }],
    ['negatives', 'llm4cdsr', 'paper', { backbone: 'bert4rec', negatives: 'published' }],
    ['hiddenShare', 'bert4rec', 'product', { hiddenShare: 1 }],
  ])('refuse a wrong %s by its name', (field, system, preset, overrides) => {
    expect(() => resolveSettings(system, preset, 384, overrides))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })

  it('follow the backbone where it decides', () => {
    expect(resolveSettings('llm4cdsr', 'product', 384)).toMatchObject({ backbone: 'sasrec', layers: 2 })
    expect(resolveSettings('llm4cdsr', 'paper', 384, { backbone: 'gru4rec' }))
      .toMatchObject({ backbone: 'gru4rec', layers: 1, maskMode: 'causal_pad', recLoss: 'bpr' })
    expect(resolveSettings('gru4rec', 'product', 384))
      .toMatchObject({ backbone: 'gru4rec', layers: 1, globalItems: 'ids', alpha: 0, recLoss: 'softmax' })
    expect(resolveSettings('bert4rec', 'paper', 384, { layers: 3 }))
      .toMatchObject({ backbone: 'bert4rec', layers: 3, maskMode: 'pad', globalItems: 'ids', recLoss: 'bpr' })
    expect(resolveSettings('sasrec-text', 'product', 384, { backbone: 'bert4rec' })).toMatchObject({ globalItems: 'text' })
  })

  it('align with profiles where there are any, and know nothing of them where there are none', () => {
    const without = resolveSettings('llm4cdsr', 'product', 384)
    expect(without.beta).toBe(0)
    expect(without).not.toHaveProperty('tau')
    const given = (overrides: Record<string, unknown>, system = 'llm4cdsr') =>
      resolveSettings(system, 'product', 384, overrides, true)
    expect(given({})).toEqual({ ...without, beta: 0.1, tau: 1 })
    expect(given({ beta: 5, tau: 0.2 })).toMatchObject({ beta: 5, tau: 0.2 })
    expect(given({ beta: 0 })).toEqual(without)
    expect(given({}, 'sasrec-ids')).toEqual(resolveSettings('sasrec-ids', 'product', 384))
    const refused = (field: string) => expect.objectContaining({ code: 'config_invalid', place: { field } }) as Error
    expect(() => given({ tau: 0 })).toThrow(refused('tau'))
    expect(() => given({ beta: 0, tau: 1 })).toThrow(refused('tau'))
    expect(() => given({ beta: 0.1 }, 'sasrec-ids')).toThrow(refused('beta'))
  })

  it('survive JSON unchanged', () => {
    for (const system of ['llm4cdsr', 'sasrec-ids', 'sasrec-text', 'gru4rec', 'bert4rec']) {
      const settings = resolveSettings(system, 'product', 384)
      expect(JSON.parse(JSON.stringify(settings))).toEqual(settings)
    }
  })
})

describe('a system', () => {
  it('has one thread for all events and one for each domain, and pairs every two domains', () => {
    const three = [...domains, { name: 'garden', size: 4, offset: 5 }]
    const spec = systemSpec(resolveSettings('llm4cdsr', 'product', 384), three)
    expect(spec.threads.map(({ name }) => name))
      .toEqual(['threads.mixed', 'threads.local.sport', 'threads.local.cloth', 'threads.local.garden'])
    expect(spec.losses.map(({ name, weight }) => [name, weight])).toEqual([
      ['rec.sport', 1], ['rec.cloth', 1], ['rec.garden', 1],
      ['reg.sport.cloth', 0.1], ['reg.sport.garden', 0.1], ['reg.cloth.garden', 0.1],
    ])
    expect(localThread(spec, 2)?.name).toBe('threads.local.garden')
  })

  it('leaves out what its settings switch off', () => {
    const spec = (overrides: Record<string, unknown>, system = 'llm4cdsr') =>
      systemSpec(resolveSettings(system, 'product', 384, overrides), domains)
    expect(spec({ alpha: 0 }).losses.map(({ name }) => name)).toEqual(['rec.sport', 'rec.cloth'])
    expect(spec({}).phases[0]!.train).toContain('items.local')
    expect(spec({ trainLocal: false }).phases[0]!.train).not.toContain('items.local')
    expect(spec({ itemNorm: 'none' }).phases[0]!.train).not.toContain('temperature')
    expect(spec({}, 'sasrec-text')).toMatchObject({ fusion: 'single', items: { global: 'text' } })
    expect(spec({}, 'sasrec-ids')).toMatchObject({ fusion: 'single', items: { global: 'ids' } })
    expect(spec({}, 'gru4rec')).toMatchObject({ fusion: 'single', threads: [{ backbone: 'gru4rec' }] })
    expect(spec({ backbone: 'bert4rec' }).threads.map(({ backbone }) => backbone)).toEqual(Array(3).fill('bert4rec'))
    expect(localThread(spec({}, 'sasrec-ids'), 0)).toBeUndefined()
  })
})
