import { COSTS } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { wholeNumber } from '../src/config/step-flags.ts'
import { ledgerFolder } from '../src/llm/account.ts'
import { readLedger, totalOf, totalsBy } from '../src/llm/ledger.ts'
import type { Total } from '../src/llm/ledger.ts'
import { contentCache } from '../src/paths.ts'

await runCommand(COSTS, async ({ flags }) => {
  const payments = await readLedger(ledgerFolder(flags.cache ?? contentCache))
  const together = totalOf(payments)
  const [step, model, user] = (['step', 'model', 'user'] as const).map((field) => [...totalsBy(payments, field)])
  const by = { step: step!, model: model!, user: user!.slice(0, wholeNumber('users', flags.users) ?? 10) }
  return {
    says: [
      ...Object.entries(by).flatMap(([field, totals]) => totals.map(([name, total]) => `${field} ${name}: ${said(total)}`)),
      `together: ${said(together)}`,
    ].join('\n'),
    result: {
      ...Object.fromEntries(Object.entries(by).map(([field, totals]) => [field, Object.fromEntries(totals)])),
      together,
    },
  }
})

function said ({ calls, input, output, usd, unpriced }: Total): string {
  return `$${usd.toFixed(4)}, ${calls} calls, ${input} tokens in, ${output} out` +
    (unpriced > 0 ? `, ${unpriced} calls without a price` : '')
}
