import { PREPARE } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig } from '../src/config/step-flags.ts'
import { prepareSettings } from '../src/data/prepare-settings.ts'
import { prepare, STAGES } from '../src/data/prepare.ts'
import { publishedSet } from '../src/data/published/sets.ts'
import { sizesTable } from '../src/data/published/table.ts'
import { startProgress } from '../src/progress.ts'

await runCommand(PREPARE, async ({ flags, operands, signal }) => {
  const { in: input, out, source, after, before, ties, domains, seed } = flags
  const settings = prepareSettings({
    ...await readConfig(flags.config),
    ...given({ source, after, before, kCore: flags['k-core'], ties, domains, maxBadShare: flags['max-bad-share'], seed }),
    ...given({
      mostUsers: flags['most-users'], heldOutItems: flags['held-out-items'], overlapRatio: flags['overlap-ratio'],
    }),
  })
  const progress = startProgress({ label: 'prepare', total: STAGES.length, unit: 'stages' })
  const { manifest, skipped } = await prepare({
    inputs: [input, ...operands],
    out,
    settings,
    signal,
    onBadRow: ({ file, line, reason }) => { console.error(`left out: ${file}:${line}: ${reason}`) },
    onProgress: (done, stage, share) => { progress.update(done, `${stage} ${(100 * share).toFixed(0)} %`) },
  })
  progress.finish()
  // Written by prepare itself.
  const items = (manifest.domains as { name: string, size: number }[]).map(({ name, size }) => `${size} ${name}`)
  return {
    says: (settings.source === undefined ? '' : `${sizesTable(publishedSet(settings.source), manifest)}\n`) +
      `${out}: ${String(manifest.users)} users, ${String(manifest.events)} events, ` +
      `items: ${items.join(', ')}; digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`,
    result: { out, skipped, ...manifest },
  }
})
