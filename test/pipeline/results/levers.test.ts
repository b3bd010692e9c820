import { describe, expect, it } from 'vitest'
import { CONTESTANTS, OURS, withSettings } from '../../../src/pipeline/cells/contestants.ts'
import { LEVERS } from '../../../src/pipeline/results/levers.ts'
import { drawConfiguration } from '../../../src/pipeline/tune/space.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'

const ours = CONTESTANTS.find(({ name }) => name === OURS)!
const resolved = ({ system, preset, overrides }: typeof ours.train) => resolveSettings(system, preset, 384, overrides)

describe('the levers', () => {
  it('each change what we train, whatever tuning has chosen', () => {
    for (let number = 0; number < 50; number++) {
      const chosen = withSettings(ours, drawConfiguration(ours, number, 42))
      const whole = resolved(chosen)
      for (const { name, without } of LEVERS) {
        // The drawn alpha may be 0 already.
        if (name === 'alignment' && whole.alpha === 0) continue
        expect(resolved(without(chosen)), name).not.toEqual(whole)
      }
    }
  })

  it('leave text out of both halves, or ids out of both', () => {
    const of = (name: string) => resolved(LEVERS.find((lever) => lever.name === name)!.without(ours.train))
    expect(of('text')).toMatchObject({ globalItems: 'ids', localInit: 'random' })
    expect(of('ids')).toMatchObject({ globalItems: 'text', trainLocal: false })
    expect(of('threads')).toMatchObject({ system: 'sasrec-text', globalItems: 'textAndIds', alpha: 0 })
  })
})
