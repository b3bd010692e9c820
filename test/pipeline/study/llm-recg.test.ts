import { describe, expect, it } from 'vitest'
import { llmRecgStudy } from '../../../src/pipeline/study/llm-recg.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'

const study = llmRecgStudy({
  seeds: [42, 43, 44],
  domains: ['kitchen', 'food'],
  chosen: () => ({ learningRate: 0.002 }),
  overrides: { epochs: 2 },
  chat: 'extractive',
  smoke: false,
})
const of = (section: string) => study.rows.filter((row) => row.section === section)

describe('the study of LLM-RecG', () => {
  it('asks every question in both directions: three seeds in the main table, and one elsewhere', () => {
    expect(Object.fromEntries(study.sections.map(({ id }) => [id, of(id).length])))
      .toEqual({ main: 12, ablations: 8, strict: 6, alpha: 12, worth: 0, map: 0 })
    for (const { section, seeds } of study.rows) {
      expect(seeds).toHaveLength(section === 'main' ? 3 : 1)
    }
    for (const source of ['kitchen', 'food']) {
      const rows = study.rows.filter(({ name }) => name.startsWith(`${source}: `))
      expect(rows).toHaveLength(19)
      expect(rows.every(({ train }) => train.overrides['source'] === source)).toBe(true)
    }
  })

  it('has settings that can be trained, those of each ablation without its part', () => {
    const named = new Map(study.rows.map(({ train: { system, preset, overrides }, name }) =>
      [name, resolveSettings(system, preset, 384, overrides)]))
    expect([...named.values()].every(({ epochs, learningRate }) => epochs === 2 && learningRate === 0.002)).toBe(true)
    expect(named.get('kitchen: sasrec, LLM-RecG')).toMatchObject({ backbone: 'sasrec', globalItems: 'dual', patterns: 32, subDomains: 3 })
    expect(named.get('food: gru4rec, one projection')).toMatchObject({ backbone: 'gru4rec', globalItems: 'projection', alpha: 0 })
    expect(named.get('kitchen: without IG')).toMatchObject({ alpha: 0, patterns: 32 })
    expect(named.get('kitchen: without ID')).toMatchObject({ intra: false, inter: true })
    expect(named.get('kitchen: without IC')).toMatchObject({ intra: true, inter: false })
    expect(named.get('kitchen: without SG')).toMatchObject({ patterns: 0, alpha: 0.001 })
    expect(named.get('food: no text of a target')).toMatchObject({ auxIncludesTarget: false })
    expect(named.get('food: disjoint halves of the users')).toMatchObject({ users: 'half', alpha: 0.001 })
    expect(named.get('food: alpha 0.05')).toMatchObject({ alpha: 0.05 })
  })
})
