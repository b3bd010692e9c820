import { describe, expect, it } from 'vitest'
import { CONTESTANTS, EDT, epochsOf } from '../../../src/pipeline/cells/contestants.ts'

describe('epochsOf', () => {
  it('shortens the second phase of LLM-EDT as well', () => {
    expect(epochsOf(EDT, 6)).toEqual({ epochs: 6, dftEpochs: 6 })
  })

  it('names no second phase where there is none', () => {
    for (const one of CONTESTANTS) expect(epochsOf(one, 6)).toEqual({ epochs: 6 })
  })
})
