import { beforeEach, describe, expect, it } from 'vitest'
import { type Breaker, createBreaker } from '../../../src/state/shared/breaker.ts'

describe('a breaker', () => {
  let time: number
  let asked: number
  let breaker: Breaker
  const ask = async (ok: boolean): Promise<string> => {
    try {
      return await breaker.run(async () => {
        asked += 1
        if (!ok) throw new Error('down')
        return 'answer'
      })
    } catch (error) {
      return (error as { code?: string }).code ?? (error as Error).message
    }
  }
  beforeEach(() => {
    time = 0
    asked = 0
    breaker = createBreaker(() => time)
  })

  it('lets calls through, and opens at five failures of the last ten', async () => {
    for (const ok of [...'--++++-++++---']) await ask(ok === '+')
    expect([breaker.state, asked]).toEqual(['closed', 14])
    await ask(false)
    expect([breaker.state, asked]).toEqual(['open', 15])
  })

  it('asks nobody while it is open', async () => {
    for (let i = 0; i < 5; i++) await ask(false)
    expect([await ask(true), asked]).toEqual(['store_unavailable', 5])
  })

  it('lets one call through after a second: it closes on an answer, and stays open without', async () => {
    for (let i = 0; i < 5; i++) await ask(false)
    time = 1000
    const first = ask(false)
    expect([breaker.state, await ask(true), await first, asked]).toEqual(['half-open', 'store_unavailable', 'down', 6])
    time = 1999
    expect(await ask(true)).toBe('store_unavailable')
    time = 2000
    expect([await ask(true), breaker.state, asked]).toEqual(['answer', 'closed', 7])
    for (let i = 0; i < 4; i++) await ask(false)
    expect(breaker.state).toBe('closed')
  })
})
