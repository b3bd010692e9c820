import { describe, expect, it } from 'vitest'
import { llm4cdsrStudy } from '../../../src/pipeline/study/llm4cdsr.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'

const study = llm4cdsrStudy({
  seeds: [42, 43, 44],
  chosen: (name) => name === 'llm4cdsr' ? { alpha: 0.5, layers: 3 } : { dropout: 0.2 },
  overrides: { epochs: 2 },
  chat: 'extractive',
  smoke: false,
  domains: ['food', 'kitchen'],
})
const of = (section: string) => study.rows.filter((row) => row.section === section)

describe('the study of LLM4CDSR', () => {
  it('asks every question of the paper: three seeds where systems are compared, one in sweeps', () => {
    const counts = Object.fromEntries(study.sections.map(({ id }) => [id, of(id).length]))
    expect(counts).toEqual({
      main: 7, ablations: 6, overlap: 12, alpha: 5, beta: 5, backbones: 6, cold: 2, groups: 0, cost: 0,
    })
    for (const { section, seeds } of study.rows) {
      expect(seeds).toHaveLength(section === 'main' || section === 'ablations' ? 3 : 1)
    }
  })

  it('has settings that can be trained, those of each ablation without its part', () => {
    const settings = study.rows.map(({ train: { system, preset, overrides }, input, name }) =>
      [name, resolveSettings(system, preset, 384, overrides, input.profiles !== undefined)] as const)
    const named = new Map(settings)
    expect(settings.every(([, { epochs }]) => epochs === 2)).toBe(true)
    expect(named.get('without unified')).toMatchObject({ globalItems: 'ids', localInit: 'random', beta: 0.1 })
    expect(named.get('without profile')).toMatchObject({ beta: 0, alpha: 0.5 })
    expect(named.get('without reg')).toMatchObject({ alpha: 0, beta: 0.1 })
    expect(named.get('without init')).toMatchObject({ localInit: 'random', globalItems: 'textAndIds' })
    expect(named.get('alpha 0.01')).toMatchObject({ alpha: 0.01, layers: 3 })
    expect(named.get('beta 10')).toMatchObject({ alpha: 0.5, beta: 10 })
    expect(named.get('llm4cdsr with gru4rec')).toMatchObject({ backbone: 'gru4rec', layers: 1, beta: 0.1 })
  })

  it('changes the data where a question is about data', () => {
    const inputs = (section: string) => of(section).map(({ input }) => input)
    expect(inputs('overlap').map(({ vary }) => vary.overlapRatio))
      .toEqual([0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, undefined, undefined, undefined])
    expect(inputs('cold').every(({ vary }) => vary.heldOutItems === 0.1)).toBe(true)
    expect(of('ablations').find(({ name }) => name === 'without cluster')?.input.profiles).toBe('whole')
  })
})
