import { describe, expect, it } from 'vitest'
import { edtOverrides } from '../../../src/pipeline/edt-flags.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'
import { localThread, phaseSpec, systemSpec } from '../../../src/systems/spec.ts'

const domains = ['sport', 'cloth', 'garden'].map((name, k) => ({ name, size: 40, offset: 40 * k }))
const spec = (overrides: Record<string, unknown> = {}, preset = 'product') =>
  systemSpec(resolveSettings('llm-edt', preset, 384, overrides, true), domains)

describe('the settings of llm-edt', () => {
  it('follow the preset', () => {
    expect(resolveSettings('llm-edt', 'product', 384, {}, true)).toMatchObject({
      recLoss: 'softmax',
      itemNorm: 'unit',
      globalItems: 'text',
      heads: 2,
      width: 128,
      adapterForm: 'linear',
      adapterStart: 'zero',
      adapterSize: 64,
      alignPhase: 1,
      alpha: 0.1,
      beta: 0,
      contrastive: 'dcl',
      dftLearningRate: 1e-4,
      dftWeightDecay: 0.01,
      dftClip: 0.1,
      dftHalveAfter: 5,
      augTargets: true,
      maskMode: 'causal_pad',
      embScale: Math.sqrt(128),
    })
    expect(resolveSettings('llm-edt', 'paper', 384, {}, true)).toMatchObject({
      recLoss: 'bpr',
      reduction: 'sum',
      itemNorm: 'none',
      negatives: 'perStep',
      adapterForm: 'linear',
      adapterStart: 'random',
      alignPhase: 1,
      alpha: 0.7,
      alignTau: 1,
      length: 200,
      batchSize: 512,
      learningRate: 0.001,
      epochs: 300,
      patience: 25,
      dftEpochs: 300,
      dftPatience: 20,
      firstInDomain: 'drop',
    })
    expect(resolveSettings('llm-edt', 'official', 384, {}, true)).toMatchObject({
      recLoss: 'bce',
      reduction: 'mean',
      negatives: 'published',
      contrastive: 'soft',
      maskMode: 'none',
      embScale: Math.sqrt(384),
      adapterForm: 'residualRelu',
      adapterStart: 'random',
      alignPhase: 2,
      ffn: 'geluHalf',
      dftLoss: 'domain',
      emptyLocal: 'bias',
    })
  })

  it.each([
    ['alpha', 'product', { alpha: 0.1 }, false],
    ['globalItems', 'product', { globalItems: 'ids' }, true],
    ['adapterForm', 'product', { adapterForm: 'relu' }, true],
    ['adapterSize', 'product', { adapterSize: 0 }, true],
    ['dftClip', 'product', { dftClip: 0 }, true],
    ['alignPhase', 'product', { alignPhase: 3 }, true],
    ['alignPhase', 'product', { alignPhase: 2, dft: false }, true],
    ['ffn', 'product', { ffn: 'geluHalf', backbone: 'gru4rec' }, true],
    ['dftLoss', 'product', { dftLoss: 'domain' }, true],
    ['dftLoss', 'official', { dftLoss: 'sum' }, true],
    ['heads', 'product', { heads: 3 }, true],
    ['beta', 'product', { beta: 0.1 }, true],
  ])('refuse a wrong %s by its name (%s, %j)', (field, preset, overrides, profiles) => {
    expect(() => resolveSettings('llm-edt', preset, 384, overrides, profiles))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })

  it('are no settings of any other system', () => {
    expect(() => resolveSettings('llm4cdsr', 'product', 384, { adapterSize: 3 })).toThrow(/setting "adapterSize"/)
    for (const system of ['llm4cdsr', 'llm-recg', 'sasrec-text']) {
      expect(Object.keys(resolveSettings(system, 'product', 384)).filter((name) => /^(dft|adapter|align|aug|ffn)/.test(name)))
        .toEqual([])
    }
  })

  it('align with nobody where there are no profiles', () => {
    expect(resolveSettings('llm-edt', 'product', 384).alpha).toBe(0)
  })

  it('are what flags stand for', () => {
    const overrides = edtOverrides({ system: 'llm-edt', 'adapter-size': '32', 'adapter-form': 'residualRelu', 'no-dft': true })
    expect(overrides).toEqual({ adapterSize: 32, adapterForm: 'residualRelu', dft: false })
    expect(resolveSettings('llm-edt', 'product', 384, overrides)).toMatchObject(overrides)
    expect(edtOverrides({ system: 'llm-edt', 'no-profiling': true, 'no-aug': true })).toEqual({ alpha: 0, aug: false })
    expect(edtOverrides({ system: 'sasrec-text', 'no-dft': false })).toEqual({})
  })

  it.each([
    ['adapter-size', { system: 'llm-edt', 'adapter-size': 'wide' }], ['no-dft', { 'no-dft': true }],
    ['alpha', { system: 'llm-edt', 'no-profiling': true, alpha: '1' }],
  ])('refuse a wrong flag %s', (field, flags) => {
    expect(() => edtOverrides(flags)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})

describe('llm-edt', () => {
  it('has a thread for each domain over the one backbone and the one kind of item vectors', () => {
    const { threads, fusion, items } = spec()
    expect(fusion).toBe('sum')
    expect(items).toEqual({ global: 'text', norm: 'unit' })
    expect(new Set(threads.map(({ name, view, scale }) => `${name} ${view} ${scale}`)).size).toBe(1)
    expect(threads.map(({ input, out }) => [input, out?.name])).toEqual([
      ['mixed', undefined], [0, 'adapters.sport'], [1, 'adapters.cloth'], [2, 'adapters.garden'],
    ])
    expect(localThread(spec(), 2)!.out).toEqual({ name: 'adapters.garden', form: 'linear' })
  })

  it('learns all but its adapters first and those alone then', () => {
    const whole = spec()
    const [first, second] = whole.phases
    expect(first!.train).toEqual(['threads', 'items.adapter', 'temperature', 'user.adapter'])
    expect(second!.train).toEqual(['adapters'])
    const names = ({ losses }: typeof whole): string[] => losses.map(({ name }) => name)
    expect(names(phaseSpec(whole, first!, 'train'))).toEqual(['rec.sport', 'rec.cloth', 'rec.garden', 'align'])
    expect(names(phaseSpec(whole, second!, 'train'))).toEqual(['rec.sport', 'rec.cloth', 'rec.garden'])
    expect(phaseSpec(whole, first!, 'ask')).toMatchObject({ fusion: 'single', threads: [whole.threads[0]] })
    expect(phaseSpec(whole, second!, 'ask').fusion).toBe('sum')
  })

  it('in its published form learns each adapter by its own score, and is asked by the sum', () => {
    const whole = spec({}, 'official')
    expect(phaseSpec(whole, whole.phases[1]!, 'train').fusion).toBe('domain')
    expect(phaseSpec(whole, whole.phases[1]!, 'ask').fusion).toBe('sum')
    expect(whole.phases.map(({ train }) => train.includes('user.adapter'))).toEqual([false, true])
  })

  it('loses by each flag what it names', () => {
    expect(spec({ dft: false })).toMatchObject({ fusion: 'single', threads: [{ input: 'mixed' }], phases: [{ name: 'pretrain' }] })
    expect(spec({ alpha: 0 }).losses.map(({ name }) => name)).not.toContain('align')
    expect(spec({ alpha: 0 }).phases[0]!.train).not.toContain('user.adapter')
    expect(spec({ adapterForm: 'residualRelu' }).threads[1]!.out!.form).toBe('residualRelu')
  })
})
