import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { wholeNumber } from '../config/step-flags.ts'
import { refuseSetting } from '../errors.ts'
import { openAccount } from '../llm/account.ts'
import type { Account } from '../llm/account.ts'
import { parsePrices } from '../llm/prices.ts'
import type { Prices } from '../llm/prices.ts'
import { contentCache, packageRoot } from '../paths.ts'

/** How a command pays for its calls, and where it keeps what it paid for. */
export interface Spending {
  /** The folder of the content cache and the ledger. */
  readonly cache: string
  readonly account: Account
  /** Calls under way at the same time. */
  readonly atOnce: number
  /** By the Batch API: half the price, within a day. */
  readonly batch: boolean
  /** A line for people. */
  readonly say: (line: string) => void
}

const AT_ONCE = 8

/** @throws config_invalid with the flag */
export async function openSpending (
  flags: { readonly [name in 'cache' | 'prices' | 'max-usd' | 'at-once']?: string | undefined } &
  { readonly batch?: boolean | undefined }
): Promise<Spending> {
  const { cache = contentCache, 'max-usd': budget, batch = false } = flags
  const prices = await readPrices(flags.prices ?? join(packageRoot, 'config/llm-prices.json'))
  const maxUsd = budget === undefined ? undefined : dollars(budget)
  const account = openAccount({ dir: cache, prices, ...(maxUsd !== undefined && { maxUsd }) })
  const atOnce = wholeNumber('at-once', flags['at-once'], 1) ?? AT_ONCE
  return { cache, account, atOnce, batch, say: (line) => console.error(line) }
}

async function readPrices (path: string): Promise<Prices> {
  const text = await readFile(path, 'utf8').catch(() => refuseSetting('prices', `cannot be read from ${path}`))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    refuseSetting('prices', `in ${path} are no JSON`)
  }
  return parsePrices(value)
}

function dollars (text: string): number {
  const usd = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(usd) ? usd : refuseSetting('max-usd', 'is a number of dollars')
}
