import { describe, expect, it } from 'vitest'
import { createPauses } from '../../src/recommend/pauses.ts'

describe('pauses', () => {
  it('are as long as asked for what went by since the pause before', async () => {
    let clock = 100
    const slept: number[] = []
    const pause = createPauses({
      share: 2,
      now: () => clock,
      async sleep (ms) {
        slept.push(ms)
        clock += ms
      },
    })
    clock += 30
    await pause()
    await pause()
    clock += 5
    await pause()
    expect(slept).toEqual([60, 0, 10])
  })
})
