import { openDataset } from '../../../data/dataset-files.ts'
import { ledgerFolder } from '../../../llm/account.ts'
import { readLedger, totalsBy } from '../../../llm/ledger.ts'
import { chainFolders } from '../../chain.ts'
import { markdownTable } from '../../markdown.ts'
import type { StudyCame, ToldSection } from '../study.ts'

/** What was paid for by step, in all and a user of the data. */
export async function spent ({ context: { work }, cache }: StudyCame): Promise<ToldSection> {
  const payments = await readLedger(ledgerFolder(cache))
  if (payments.length === 0) return { parts: ['Nothing was paid for: no model was called over the network.'] }
  const { users } = await openDataset(chainFolders(work).dataset)
  return {
    parts: [markdownTable([
      ['step', 'calls', 'tokens in', 'tokens out', 'dollars', 'dollars a user'],
      ...[...totalsBy(payments, 'step')].map(([step, { calls, input, output, usd }]) =>
        [step, String(calls), String(input), String(output), usd.toFixed(4), (usd / users.length).toFixed(6)]),
    ])],
  }
}
