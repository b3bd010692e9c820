import { describe, expect, it } from 'vitest'
import { CONTESTANTS, withSettings } from '../../../src/pipeline/cells/contestants.ts'
import { drawConfiguration, TUNABLE as tunable } from '../../../src/pipeline/tune/space.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'

describe('the space of a search', () => {
  it('is there for every contestant but the published preset, which has its own settings', () => {
    expect(CONTESTANTS.filter((contestant) => !tunable.includes(contestant)).map(({ name }) => name))
      .toEqual(['llm4cdsr-paper'])
  })

  it.each(tunable)('of $name gives settings that can be trained', (contestant) => {
    for (let number = 0; number < 60; number++) {
      const { system, preset, overrides } = withSettings(contestant, drawConfiguration(contestant, number, 42))
      expect(resolveSettings(system, preset, 384, overrides).system).toBe(system)
    }
  })

  it('begins with the preset, and gives the same configuration for the same number', () => {
    const [contestant] = tunable
    expect(drawConfiguration(contestant!, 0, 42)).toEqual({})
    expect(drawConfiguration(contestant!, 5, 42)).toEqual(drawConfiguration(contestant!, 5, 42))
    expect(drawConfiguration(contestant!, 5, 42)).not.toEqual(drawConfiguration(contestant!, 6, 42))
    expect(drawConfiguration(contestant!, 5, 42)).not.toEqual(drawConfiguration(contestant!, 5, 43))
  })
})
