import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, STEP_FLAGS, wholeNumber } from '../src/config/step-flags.ts'
import { createEstimate, estimateLines } from '../src/llm/dry-run.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { profileSettings } from '../src/pipeline/profile-settings.ts'
import { dryProfile, profileStep } from '../src/pipeline/profile.ts'
import type { ProfileStep } from '../src/pipeline/profile.ts'
import { openSpending, SPEND_FLAGS, SPEND_USAGE } from '../src/pipeline/spending.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

const usage = `npm run profile -- --in <embeddings> --out <profiles>
  [--chat extractive|openai] [--model gpt-4o-mini] [--base-url url] [--clusters 10] [--latest 15] [--no-cluster]
  [--seed 42] [--config file.json] ${SPEND_USAGE}
Notes on what each user likes, from the training part of their history, and their vectors. \`extractive\` picks words out
of titles: it is no language model. The key of an endpoint is read from OPENAI_API_KEY. What was answered once is kept
in the cache: after Ctrl-C the same command goes on. --dry-run counts and prices the calls before the first.`

const OPTIONS = {
  ...STEP_FLAGS,
  ...SPEND_FLAGS,
  chat: { type: 'string' },
  model: { type: 'string' },
  'base-url': { type: 'string' },
  clusters: { type: 'string' },
  latest: { type: 'string' },
  'no-cluster': { type: 'boolean' },
} as const

const UNITS = { clusters: 'runs', parts: 'notes', profiles: 'users', vectors: 'users' } as const

await runCommand('profile', { usage }, async (signal) => {
  const { flags } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const { chat, ...settings } = profileSettings({
    ...await readConfig(flags.config),
    ...given({
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
  let line: Progress | undefined
  const step: ProfileStep = {
    input: flags.in!,
    out: flags.out!,
    settings,
    chat: chooseChat(chat, spending, process.env),
    embedderNamed: (embedder) => embedderNamed(embedder, chat.baseUrl, process.env, { account, step: 'profile' }),
    cache,
    signal,
    onStage (label, total) {
      line?.finish()
      line = startProgress({ label, total, unit: UNITS[label] })
    },
    onProgress: (done) => line?.update(done),
  }
  if (flags['dry-run'] === true) {
    const estimate = createEstimate()
    await dryProfile(step, estimate)
    for (const text of estimateLines(estimate.expected, account.prices)) console.log(text)
    return
  }
  try {
    const { manifest, skipped } = await profileStep(step)
    line?.finish()
    console.log(`${flags.out}: profiles of ${Number(manifest.users) - Number(manifest.without)} users by ` +
      `${String(manifest.chat)}, ${String(manifest.without)} without; digest ${manifest.digest.slice(0, 12)}` +
      `${skipped ? ' (unchanged)' : ''}`)
  } finally {
    if (account.spentUsd > 0) console.error(`profile: ${account.spentUsd.toFixed(4)} USD spent`)
    await account.close()
  }
})
