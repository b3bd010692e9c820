import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, STEP_FLAGS, wholeNumber } from '../src/config/step-flags.ts'
import { contentCache } from '../src/paths.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { profileSettings } from '../src/pipeline/profile-settings.ts'
import { profileStep } from '../src/pipeline/profile.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

const usage = `npm run profile -- --in <embeddings> --out <profiles>
  [--chat extractive] [--clusters 10] [--latest 15] [--no-cluster] [--seed 42] [--cache folder] [--config file.json]
Notes on what each user likes, from the training part of their history, and their vectors. \`extractive\` picks words out
of titles: it is no language model.`

const UNITS = { clusters: 'runs', parts: 'notes', profiles: 'users', vectors: 'users' } as const

const OPTIONS = {
  ...STEP_FLAGS,
  chat: { type: 'string' },
  clusters: { type: 'string' },
  latest: { type: 'string' },
  'no-cluster': { type: 'boolean' },
  cache: { type: 'string' },
} as const

await runCommand('profile', { usage }, async (signal) => {
  const { flags: { in: input, out, config, cache = contentCache, ...flags } } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const { chat, ...settings } = profileSettings({
    ...await readConfig(config),
    ...given({
      chat: flags.chat,
      clusters: wholeNumber('clusters', flags.clusters, 1),
      latest: wholeNumber('latest', flags.latest, 1),
      seed: wholeNumber('seed', flags.seed),
      partition: flags['no-cluster'] === true ? false : undefined,
    }),
  })
  let line: Progress | undefined
  const { manifest, skipped } = await profileStep({
    input: input!,
    out: out!,
    settings,
    chat: chooseChat(chat),
    embedderNamed: (embedder) => embedderNamed(embedder, undefined, process.env),
    cache,
    signal,
    onStage (label, total) {
      line?.finish()
      line = startProgress({ label, total, unit: UNITS[label] })
    },
    onProgress: (done) => line?.update(done),
  })
  line?.finish()
  console.log(`${out}: profiles of ${Number(manifest.users) - Number(manifest.without)} users by ${String(manifest.chat)}, ` +
    `${String(manifest.without)} without; digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
})
