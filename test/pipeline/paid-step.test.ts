import { describe, expect, it, vi } from 'vitest'
import type { Account } from '../../src/llm/account.ts'
import { paidStep } from '../../src/pipeline/paid-step.ts'
import { PRICES } from '../llm/chat-fixtures.ts'

function parts (spentUsd = 0) {
  const close = vi.fn(async () => {})
  // What the function looks at of an account.
  const account = { prices: PRICES, spentUsd, close } as unknown as Account
  const make = vi.fn(async () => ({ says: 'made', result: { out: 'there' } }))
  const count = vi.fn(async () => {})
  return { close, make, count, step: { name: 'embed', account, make, count } }
}

describe('a step that may pay', () => {
  it('is priced and not made with a dry run', async () => {
    const { step, make } = parts()
    const said = await paidStep({
      ...step,
      dryRun: true,
      count: async (estimate) => estimate.add({ model: 'ours', asks: 2, input: 10, output: 1, mostOutput: 4 }),
    })
    expect(said.result).toEqual({ expected: [{ model: 'ours', asks: 2, input: 10, output: 1, mostOutput: 4 }] })
    expect(said.says).toMatch(/^ours: 2 calls, about 10 tokens in and 1 out/)
    expect(make).not.toHaveBeenCalled()
  })

  it('is made otherwise, and says what it spent, also where it fails', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { step, close, count } = parts(0.25)
    expect(await paidStep({ ...step, dryRun: false })).toEqual({ says: 'made', result: { out: 'there' } })
    await expect(paidStep({ ...step, dryRun: false, make: async () => { throw new Error('no') } })).rejects.toThrow('no')
    expect(said.mock.calls).toEqual([['embed: 0.2500 USD spent'], ['embed: 0.2500 USD spent']])
    expect([close.mock.calls.length, count.mock.calls.length]).toEqual([2, 0])
    said.mockRestore()
  })
})
