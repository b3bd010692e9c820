import { AUGMENT } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { decimal, given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { augmentSettings } from '../src/pipeline/augment-settings.ts'
import { augmentStep, dryAugment } from '../src/pipeline/augment.ts'
import type { AugmentStep } from '../src/pipeline/augment.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { paidStep } from '../src/pipeline/paid-step.ts'
import { openSpending } from '../src/pipeline/spending.ts'
import { startStages } from '../src/progress.ts'

const UNITS = {
  clusters: 'runs', neighbours: 'items', generation: 'questions', vectors: 'items', grounding: 'items',
} as const

await runCommand(AUGMENT, async ({ flags, signal }) => {
  const { chat, ...settings } = augmentSettings({
    ...await readConfig(flags.config),
    ...given({
      chat: flags.chat,
      model: flags.model,
      baseUrl: flags['base-url'],
      kmeansK: wholeNumber('kmeans-k', flags['kmeans-k'], 1),
      nGenerate: wholeNumber('n-generate', flags['n-generate'], 1),
      filterTopK: wholeNumber('topk', flags.topk, 1),
      filterTau: flags.tau === 'auto' ? 'auto' : decimal('tau', flags.tau),
      filter: flags['no-filter'] === true ? false : undefined,
      insert: flags.insert,
      ground: flags['no-ground'] === true ? false : undefined,
      groundTau: decimal('ground-tau', flags['ground-tau']),
      injectRatio: decimal('inject-ratio', flags['inject-ratio']),
      injectMinR: decimal('inject-min-r', flags['inject-min-r']),
      seed: wholeNumber('seed', flags.seed),
    }),
  })
  const spending = await openSpending(flags)
  const { account, cache } = spending
  const { finish, ...stages } = startStages(UNITS)
  const step: AugmentStep = {
    input: flags.in,
    out: flags.out,
    settings,
    chat: chooseChat(chat, spending, process.env),
    embedderNamed: (embedder) => embedderNamed(embedder, chat.baseUrl, process.env, { account, step: 'augment' }),
    cache,
    signal,
    ...stages,
  }
  return await paidStep({
    name: 'augment',
    account,
    dryRun: flags['dry-run'] === true,
    count: async (estimate) => await dryAugment(step, estimate),
    async make () {
      const { manifest, skipped } = await augmentStep(step)
      finish()
      const { syntheticEvents, perUser, freshItems, tau } = manifest
      return {
        says: `${flags.out}: ${String(syntheticEvents)} synthetic events by ${String(manifest.chat)}, ` +
          `${Number(perUser).toFixed(2)} a user${tau === undefined ? '' : ` (tau ${Number(tau).toFixed(3)})`}, ` +
          `${String(freshItems)} fresh items; digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`,
        result: { out: flags.out, skipped, ...manifest },
      }
    },
  })
})
