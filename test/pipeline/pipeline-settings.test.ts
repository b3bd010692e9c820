import { describe, expect, it } from 'vitest'
import { pipelineSettings } from '../../src/pipeline/pipeline-settings.ts'

describe('settings of a chain', () => {
  it('are the defaults of each step where nothing is said', () => {
    const { prepare, embed, train, evaluate, backend } = pipelineSettings({})
    expect(prepare.kCore).toEqual({ user: 5, item: 3 })
    expect(embed.embedder).toBe('local')
    expect(train).toEqual({ system: 'llm4cdsr', preset: 'product', overrides: {} })
    expect(evaluate.modes).toEqual(['full', 'sampled-100'])
    expect(backend).toBe('auto')
  })

  it('take one seed for every step that has one', () => {
    const { prepare, train, evaluate } = pipelineSettings({ seed: '7' })
    expect([prepare.seed, train.overrides.seed, evaluate.seed]).toEqual([7, 7, 7])
  })

  it('take a section of the config file for each step, and a flag before it', () => {
    const { prepare, train } = pipelineSettings({ kCore: 'none', epochs: '2' }, {
      prepare: { kCore: '3,3', ties: 'input' }, train: { epochs: 9, width: 64 },
    })
    expect(prepare).toMatchObject({ kCore: 'none', ties: 'input' })
    expect(train.overrides).toEqual({ epochs: 2, width: 64 })
  })

  it('try int8 at export where the flag or the section says so, and a flag wins', () => {
    expect(pipelineSettings({}).export).not.toHaveProperty('int8')
    expect(pipelineSettings({ int8: true }).export).toMatchObject({ int8: true })
    expect(pipelineSettings({}, { export: { int8: true } }).export).toMatchObject({ int8: true })
    expect(pipelineSettings({ int8: true }, { export: { int8: false } }).export).toMatchObject({ int8: true })
  })

  it('have profiles only where the config file has a section for them', () => {
    expect(pipelineSettings({})).not.toHaveProperty('profile')
    expect(pipelineSettings({ seed: '7' }, { profile: { clusters: 4 } }).profile)
      .toMatchObject({ chat: { chat: 'extractive' }, clusters: 4, seed: 7 })
  })

  it('have synthetic events only where the config file has a section for them', () => {
    expect(pipelineSettings({})).not.toHaveProperty('augment')
    expect(pipelineSettings({ seed: '7' }, { augment: { kmeansK: 4 } }).augment)
      .toMatchObject({ chat: { chat: 'extractive' }, kmeansK: 4, seed: 7 })
  })

  it.each([
    ['kmeansK', { augment: { kmeansK: 0 } }],
    ['wdith', { wdith: {} }],
    ['clusters', { profile: { clusters: 0 } }],
    ['train', { train: [] }],
    ['embedder', { embed: { embedder: 'cloud' } }],
    ['modes', { evaluate: { modes: 'best' } }],
  ])('are refused before any step begins: %s in %o', (field, config) => {
    expect(() => pipelineSettings({}, config)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })

  it('are refused for a flag that is none of its values', () => {
    for (const flags of [
      { seed: 'x' }, { source: 'mine' }, { epochs: '1.5' }, { backend: 'cuda' }, { kCore: 'five' }, { ties: 'time' },
    ]) {
      expect(() => pipelineSettings(flags)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    }
  })
})
