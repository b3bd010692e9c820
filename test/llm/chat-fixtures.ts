import { openAccount } from '../../src/llm/account.ts'
import type { Account } from '../../src/llm/account.ts'
import type { ChatTask } from '../../src/llm/chat-model.ts'
import { parsePrices } from '../../src/llm/prices.ts'

/** A dollar a token in, two a token out, for the model `ours`. */
export const PRICES = parsePrices({
  asOf: '2026-01-01', batch: 0.5, models: { ours: { input: 1e6, output: 2e6 } },
})

export function accountIn (dir: string, maxUsd?: number): Account {
  return openAccount({ dir, prices: PRICES, ...(maxUsd !== undefined && { maxUsd }) })
}

/** Questions about so many different products, each for a user of its own. */
export function tasksOn (count: number): ChatTask[] {
  return Array.from({ length: count }, (_, i) =>
    ({ template: 'profile-part/1', values: { products: [`product ${i}`] }, step: 'test', user: `u${i}` }))
}
