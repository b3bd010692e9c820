import { describe, expect, it } from 'vitest'
import { retryAfterMs, withRetries } from '../../src/llm/retry.ts'

describe('withRetries', () => {
  it('waits twice as long each time up to 30 seconds, less a random part of a half', async () => {
    const waits: number[] = []
    const draws = [1, 0, 0.5, 1, 1, 1, 1, 1]
    const call = withRetries(async () => { throw new Error('down') }, {
      retries: 8,
      verdict: () => ({ again: true }),
      sleep: async (ms) => { waits.push(ms) },
      random: () => draws.shift()!,
    })
    await expect(call).rejects.toThrow('down')
    expect(waits).toEqual([500, 500, 1_500, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('wakes from its own wait when the signal aborts', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const call = withRetries(async () => { throw new Error('down') }, {
      retries: 1, verdict: () => ({ again: true, afterMs: 100_000 }), signal: stop.signal,
    })
    setImmediate(() => stop.abort(reason))
    await expect(call).rejects.toBe(reason)
  })
})

describe('retryAfterMs', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'Thu, 01 Jan 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '40', 'retry-after': '2' }, 40],
    [{ 'retry-after-ms': 'soon', 'retry-after': '2' }, 2_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{}, undefined],
  ])('reads %j as %s', (headers, wanted) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(wanted)
  })
})
