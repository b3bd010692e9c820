import { join } from 'node:path'
import { IsthmusError, refuseSetting } from '../errors.ts'
import { openLedger } from './ledger.ts'
import type { Payment } from './ledger.ts'
import { costOf } from './prices.ts'
import type { Prices } from './prices.ts'
import type { Usage } from './tokens.ts'

export interface AccountOptions {
  /** The folder of the content cache; the ledger lies in it. */
  readonly dir: string
  readonly prices: Prices
  /** What may be spent until the account is closed. */
  readonly maxUsd?: number
  /** Tests pass another. */
  readonly now?: () => Date
}

/** A call before it is made. */
export interface Call {
  readonly model: string
  readonly batch: boolean
  /** What it can come to at most. */
  readonly most: Usage
}

/** Who spends what: the budget before each call, and the ledger after it. */
export interface Account {
  readonly prices: Prices
  /** What has been spent so far. */
  readonly spentUsd: number
  /** What calls may still come to, besides those under way. */
  readonly leftUsd: number
  /** What a call may cost at most; 0 for a model without a price where there is no budget, else `config_invalid`. */
  costOf: (call: Call) => number
  /**
   * Sets aside what a call may cost, and gives the function that lets it go again. Waits while calls under way could
   * still leave enough. Fails with `budget_exhausted`, and with `config_invalid` for a model without a price where
   * there is a budget.
   */
  hold: (call: Call) => Promise<() => void>
  /** Books a call that was answered; its cost counts from then on. */
  pay: (payment: Omit<Payment, 'at' | 'usd'>) => Promise<void>
  close: () => Promise<void>
}

/** Where below the cache's folder the ledger lies. */
export function ledgerFolder (dir: string): string {
  return join(dir, 'ledger')
}

/** Opens an account; nothing is written before the first payment. */
export function openAccount ({ dir, prices, maxUsd = Infinity, now = () => new Date() }: AccountOptions): Account {
  const ledger = openLedger(ledgerFolder(dir))
  let spent = 0
  let held = 0
  let waiting: Array<() => void> = []

  const mostOf = ({ model, batch, most }: Call): number => {
    const usd = costOf(prices, { model, batch, usage: most })
    if (usd !== undefined || maxUsd === Infinity) return usd ?? 0
    return refuseSetting('maxUsd', `needs a price for the model ${model}; name a file with one as prices`)
  }
  return {
    prices,
    get spentUsd () { return spent },
    get leftUsd () { return maxUsd - spent - held },
    costOf: mostOf,
    async hold (call) {
      const usd = mostOf(call)
      const fits = (): boolean => spent + held + usd <= maxUsd
      while (!fits()) {
        if (held === 0) {
          throw new IsthmusError('budget_exhausted', `${spent.toFixed(4)} of ${maxUsd} USD are spent, and the next call ` +
            `may cost ${usd.toFixed(4)}; what was answered is kept, and the same command goes on from there`)
        }
        await new Promise<void>((resolve) => { waiting.push(resolve) })
      }
      held += usd
      let over = false
      return () => {
        if (over) return
        over = true
        // Sums of fractions: with nothing under way, nothing is held.
        held = Math.max(0, held - usd) < 1e-12 ? 0 : held - usd
        const woken = waiting
        waiting = []
        for (const wake of woken) wake()
      }
    },
    async pay (payment) {
      const { model, batch, input, output } = payment
      const usd = costOf(prices, { model, batch, usage: { input, output } })
      spent += usd ?? 0
      await ledger.book({ at: now().toISOString(), ...payment, ...(usd !== undefined && { usd }) })
    },
    close: ledger.close,
  }
}
