import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, STEP_FLAGS } from '../src/config/step-flags.ts'
import { prepareSettings } from '../src/data/prepare-settings.ts'
import { prepare, STAGES } from '../src/data/prepare.ts'
import { publishedSet, PUBLISHED_SETS } from '../src/data/published/sets.ts'
import { sizesTable } from '../src/data/published/table.ts'
import { startProgress } from '../src/progress.ts'

const USAGE = `npm run prepare -- --in <folder, or files> --out <folder>
  [--source <published data set>] [--after 2018-01-01] [--before 2020-01-01]
  [--k-core 5,3|none] [--ties shuffle|input] [--domains a,b] [--max-bad-share 0.01] [--seed 42] [--config file.json]
For studies: [--most-users n] [--held-out-items 0.1] [--overlap-ratio 0.5]
Published data sets, read from the files as they were published: ${PUBLISHED_SETS.map(({ name }) => name).join(', ')}.`

const OPTIONS = {
  ...STEP_FLAGS,
  source: { type: 'string' },
  after: { type: 'string' },
  before: { type: 'string' },
  'k-core': { type: 'string' },
  ties: { type: 'string' },
  domains: { type: 'string' },
  'max-bad-share': { type: 'string' },
  'most-users': { type: 'string' },
  'held-out-items': { type: 'string' },
  'overlap-ratio': { type: 'string' },
} as const

await runCommand('prepare', { usage: USAGE }, async (signal) => {
  const { flags, positionals } = parseFlags(USAGE, OPTIONS, ['in', 'out'])
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
    inputs: [input!, ...positionals],
    out: out!,
    settings,
    signal,
    onBadRow: ({ file, line, reason }) => { console.error(`left out: ${file}:${line}: ${reason}`) },
    onProgress: (done, stage, share) => { progress.update(done, `${stage} ${(100 * share).toFixed(0)} %`) },
  })
  progress.finish()
  if (settings.source !== undefined) console.log(sizesTable(publishedSet(settings.source), manifest))
  // Written by prepare itself.
  const items = (manifest.domains as { name: string, size: number }[]).map(({ name, size }) => `${size} ${name}`)
  console.log(`${out}: ${String(manifest.users)} users, ${String(manifest.events)} events, ` +
    `items: ${items.join(', ')}; digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
})
