import { ADD_DOMAIN } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { addDomain } from '../src/pipeline/add-domain.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { openSpending } from '../src/pipeline/spending.ts'
import { startReported } from '../src/progress.ts'

await runCommand(ADD_DOMAIN, async ({ flags, signal }) => {
  const share = Number(flags['max-bad-share'] ?? 0.01)
  if (!(share >= 0 && share <= 1)) refuseSetting('max-bad-share', 'is a number from 0 to 1')
  const { account, cache } = await openSpending(flags)
  try {
    const { onProgress, finish } = startReported({ label: 'add-domain', unit: 'items' })
    const { dir, domains, skipped } = await addDomain({
      bundle: flags.bundle,
      items: flags.items,
      maxBadShare: share,
      embedderNamed: (embedder) =>
        embedderNamed(embedder, flags['base-url'], process.env, { account, step: 'add-domain' }),
      cache,
      onBadRow: ({ file, line, reason }) => console.error(`add-domain: ${file}:${line}: ${reason}`),
      log: (message) => console.error(`add-domain: ${message}`),
      onProgress,
      signal,
    })
    finish()
    const told = domains.map(({ name, items }) => `${name} (${items} items)`).join(', ')
    return { says: `${dir}: with ${told}${skipped ? ' (unchanged)' : ''}`, result: { dir, skipped, domains } }
  } finally {
    if (account.spentUsd > 0) console.error(`add-domain: ${account.spentUsd.toFixed(4)} USD spent`)
    await account.close()
  }
})
