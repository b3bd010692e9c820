import type { Account } from '../llm/account.ts'
import { createEstimate, estimateLines } from '../llm/dry-run.ts'
import type { Estimate } from '../llm/dry-run.ts'

/** What a command says, to people and as JSON. */
interface Said {
  readonly says: string
  readonly result: Readonly<Record<string, unknown>>
}

export interface PaidStep {
  /** Of the command. */
  readonly name: string
  /** Closed at the end of a step that was made. */
  readonly account: Account
  readonly dryRun: boolean
  /** Counts what `make` would pay for. */
  readonly count: (estimate: Estimate) => Promise<void>
  readonly make: () => Promise<Said>
}

/** A step that may call models: priced and not made with `--dry-run`, else made, and what it spent is said. */
export async function paidStep ({ name, account, dryRun, count, make }: PaidStep): Promise<Said> {
  if (dryRun) {
    const estimate = createEstimate()
    await count(estimate)
    const { expected } = estimate
    return { says: estimateLines(expected, account.prices).join('\n'), result: { expected } }
  }
  try {
    return await make()
  } finally {
    if (account.spentUsd > 0) console.error(`${name}: ${account.spentUsd.toFixed(4)} USD spent`)
    await account.close()
  }
}
