import { PROFILE } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { profileSettings } from '../src/pipeline/profile-settings.ts'
import { dryProfile, profileStep } from '../src/pipeline/profile.ts'
import type { ProfileStep } from '../src/pipeline/profile.ts'
import { paidStep } from '../src/pipeline/paid-step.ts'
import { openSpending } from '../src/pipeline/spending.ts'
import { startStages } from '../src/progress.ts'

const UNITS = { clusters: 'runs', reforms: 'cases', parts: 'notes', profiles: 'users', vectors: 'users' } as const

await runCommand(PROFILE, async ({ flags, signal }) => {
  const { chat, ...settings } = profileSettings({
    ...await readConfig(flags.config),
    ...given({
      mode: flags.mode,
      chat: flags.chat,
      model: flags.model,
      baseUrl: flags['base-url'],
      clusters: wholeNumber('clusters', flags.clusters, 1),
      latest: wholeNumber('latest', flags.latest, 1),
      seed: wholeNumber('seed', flags.seed),
      partition: flags['no-cluster'] === true ? false : undefined,
    }),
  })
  const spending = await openSpending(flags)
  const { account, cache } = spending
  const { finish, ...stages } = startStages(UNITS)
  const step: ProfileStep = {
    input: flags.in,
    out: flags.out,
    settings,
    chat: chooseChat(chat, spending, process.env),
    embedderNamed: (embedder) => embedderNamed(embedder, chat.baseUrl, process.env, { account, step: 'profile' }),
    cache,
    signal,
    ...stages,
  }
  return await paidStep({
    name: 'profile',
    account,
    dryRun: flags['dry-run'] === true,
    count: async (estimate) => await dryProfile(step, estimate),
    async make () {
      const { manifest, skipped } = await profileStep(step)
      finish()
      return {
        says: `${flags.out}: profiles of ${Number(manifest.users) - Number(manifest.without)} users by ` +
          `${String(manifest.chat)}, ${String(manifest.without)} without; digest ${manifest.digest.slice(0, 12)}` +
          `${skipped ? ' (unchanged)' : ''}`,
        result: { out: flags.out, skipped, ...manifest },
      }
    },
  })
})
