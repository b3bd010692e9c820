import { runCommand } from '../src/config/command.ts'
import { parseFlags } from '../src/config/step-flags.ts'
import { ledgerFolder } from '../src/llm/account.ts'
import { readLedger, totalOf, totalsBy } from '../src/llm/ledger.ts'
import type { Total } from '../src/llm/ledger.ts'
import { contentCache } from '../src/paths.ts'

const usage = `npm run costs -- [--cache .cache/llm] [--users 10]
What was paid for, by step, model and user (the dearest), by the prices of the day of each call.`

await runCommand('costs', { usage }, async () => {
  const { flags } = parseFlags(usage, { cache: { type: 'string' }, users: { type: 'string' } })
  const payments = await readLedger(ledgerFolder(flags.cache ?? contentCache))
  for (const field of ['step', 'model', 'user'] as const) {
    const totals = [...totalsBy(payments, field)]
    for (const [name, total] of field === 'user' ? totals.slice(0, Number(flags.users ?? 10)) : totals) {
      console.log(`${field} ${name}: ${said(total)}`)
    }
  }
  console.log(`together: ${said(totalOf(payments))}`)
})

function said ({ calls, input, output, usd, unpriced }: Total): string {
  return `$${usd.toFixed(4)}, ${calls} calls, ${input} tokens in, ${output} out` +
    (unpriced > 0 ? `, ${unpriced} calls without a price` : '')
}
