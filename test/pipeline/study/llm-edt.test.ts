import { describe, expect, it } from 'vitest'
import { augmentSettings } from '../../../src/pipeline/augment-settings.ts'
import { inputDir, textsOf } from '../../../src/pipeline/study/inputs.ts'
import { EDT_INPUT, llmEdtStudy, RAW_INPUT } from '../../../src/pipeline/study/llm-edt.ts'
import type { StudyOrder } from '../../../src/pipeline/study/llm4cdsr.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'

const ORDER: StudyOrder = {
  seeds: [42, 43, 44],
  chosen: (name) => name === 'llm-edt' ? { alpha: 0.5, layers: 1 } : { dropout: 0.2 },
  overrides: { epochs: 2 },
  chat: 'extractive',
  smoke: false,
  domains: ['food', 'kitchen'],
}
const study = llmEdtStudy(ORDER)
const of = (section: string) => study.rows.filter((row) => row.section === section)
const named = (section: string, name: string) => of(section).find((row) => row.name === name)!

describe('the study of LLM-EDT', () => {
  it('asks every question of the paper: three seeds where systems are compared, one in sweeps', () => {
    const counts = study.sections.map(({ id }) => [id, of(id).length] as const)
    expect(Object.fromEntries(counts.filter(([, rows]) => rows > 0))).toEqual({
      main: 8,
      ablations: 8,
      tau: 6,
      clusters: 3,
      generated: 3,
      injection: 6,
      alpha: 6,
      adapters: 2,
      items: 2,
      backbones: 9,
    })
    for (const { section, seeds } of study.rows) {
      expect(seeds).toHaveLength(['main', 'ablations', 'adapters'].includes(section) ? 3 : 1)
    }
    expect(study.baselines).toEqual(['popularity', 'transitions', 'item-knn', 'vs-knn'])
    const opened = study.rows.filter((row) => row.opened)
    expect(opened.map(({ section, name }) => [section, name])).toEqual([['main', 'llm-edt']])
  })

  it('has settings that can be trained, those of each ablation without its part', () => {
    const settings = study.rows.map(({ section, train: { system, preset, overrides }, input, name }) =>
      [`${section}/${name}`, resolveSettings(system, preset, 384, overrides, input.profiles !== undefined)] as const)
    const found = new Map(settings)
    expect(settings.every(([, { epochs, dftEpochs }]) => epochs === 2 && (dftEpochs ?? 2) === 2)).toBe(true)
    expect(found.get('main/llm-edt')).toMatchObject({ alpha: 0.5, layers: 1, dft: true })
    expect(found.get('main/llm-edt-paper')).toMatchObject({ preset: 'paper', alpha: 0.7, recLoss: 'bpr', layers: 2 })
    expect(found.get('main/llm4cdsr')).toMatchObject({ system: 'llm4cdsr', beta: 0.1, dropout: 0.2 })
    expect(found.get('ablations/without fine-tuning')).toMatchObject({ dft: false, alpha: 0.5 })
    expect(found.get('ablations/without profiling')).toMatchObject({ dft: true, alpha: 0 })
    expect(found.get('alpha/alpha 0.7')).toMatchObject({ alpha: 0.7 })
    expect(found.get('adapters/residualRelu')).toMatchObject({ adapterForm: 'residualRelu' })
    expect(found.get('items/textAndIds')).toMatchObject({ globalItems: 'textAndIds' })
    expect(found.get('backbones/llm-edt with gru4rec')).toMatchObject({ system: 'llm-edt', backbone: 'gru4rec', layers: 1 })
  })

  it('says what an item is in the rows that do not ask, which is what was chosen', () => {
    const textOf = (order: StudyOrder): string => llmEdtStudy(order).sections.find(({ id }) => id === 'items')!.text
    expect(textOf(ORDER)).toContain('All else on this page is `text`')
    expect(textOf({ ...ORDER, chosen: () => ({ globalItems: 'textAndIds' }) })).toContain('this page is `textAndIds`')
  })

  it('changes what is put into histories, and what is said of users, where a question is about that', () => {
    expect(named('ablations', 'without augmentation').input).toEqual(RAW_INPUT)
    expect(named('ablations', 'without filter').input.augment?.settings).toEqual({ filter: false })
    expect(named('ablations', 'without insertion').input.augment?.settings).toEqual({ insert: 'tail' })
    expect(named('ablations', 'random insertion').input.augment?.settings).toEqual({ insert: 'random' })
    expect(named('ablations', 'without summarise-reform-analyse').input)
      .toEqual({ ...EDT_INPUT, profiles: 'clusters' })
    expect(named('injection', 'least r 0.95').input.augment?.settings).toEqual({ injectMinR: 0.95 })
    expect(named('injection', 'share 1').input).toEqual(EDT_INPUT)
    const inputs = study.rows.flatMap(({ input: { augment } }) => augment ?? [])
    for (const { settings } of inputs) expect(() => augmentSettings(settings)).not.toThrow()
    // One name, one folder.
    const byName = new Map(inputs.map(({ name, settings }) => [name, settings]))
    for (const { name, settings } of inputs) expect(byName.get(name)).toEqual(settings)
  })

  it('reads each input from a folder of its own, that without changes from where results has it', () => {
    expect(inputDir('w', { name: '', vary: {} })).toBe('w/embeddings')
    expect(inputDir('w', RAW_INPUT)).toBe('w/embeddings-profiles-aware')
    expect(textsOf('w', EDT_INPUT)).toBe('w/embeddings-augmented-all')
    expect(inputDir('w', EDT_INPUT)).toBe('w/embeddings-augmented-all-profiles-aware')
  })

  it('tries less of each grid in a smoke run, and says so', () => {
    const smoke = llmEdtStudy({ ...ORDER, smoke: true })
    expect(smoke.rows.filter(({ section }) => section === 'tau')).toHaveLength(1)
    expect(smoke.rows.filter(({ section }) => section === 'injection')).toHaveLength(2)
    expect(smoke.intro[0]).toContain('A smoke run')
  })
})
