import { runCommand } from '../src/config/command.ts'
import { parseFlags, readConfig, STEP_FLAGS } from '../src/config/step-flags.ts'
import { createEstimate, estimateLines } from '../src/llm/dry-run.ts'
import { embedSettings } from '../src/pipeline/embed-settings.ts'
import { dryEmbed, embed } from '../src/pipeline/embed.ts'
import type { EmbedStep } from '../src/pipeline/embed.ts'
import { chooseEmbedder } from '../src/pipeline/embedder-choice.ts'
import { openSpending, SPEND_FLAGS } from '../src/pipeline/spending.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

const usage = `npm run embed -- --in <dataset> --out <embeddings>
  [--embedder local|openai] [--model text-embedding-3-small] [--width n] [--base-url url]
  [--template item-product/1|item-paper/1] [--max-usd n] [--dry-run] [--prices config/llm-prices.json]
  [--cache .cache/llm] [--config file.json]
The key of an endpoint is read from OPENAI_API_KEY. What was embedded once is kept in the cache: after Ctrl-C the same
command goes on. --dry-run counts and prices what is to be embedded before the first call. --seed is taken as by every
step, and embedding draws nothing.`

const { cache, prices, 'max-usd': maxUsd, 'dry-run': dryRun } = SPEND_FLAGS
const OPTIONS = {
  ...STEP_FLAGS,
  cache,
  prices,
  'max-usd': maxUsd,
  'dry-run': dryRun,
  embedder: { type: 'string' },
  model: { type: 'string' },
  width: { type: 'string' },
  'base-url': { type: 'string' },
  template: { type: 'string' },
} as const

await runCommand('embed', { usage }, async (signal) => {
  const { flags } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const { embedder, model, width, template, 'base-url': baseUrl } = flags
  const settings = embedSettings({ embedder, model, width, template, baseUrl }, await readConfig(flags.config))
  const { account, cache } = await openSpending(flags)
  let progress: Progress | undefined
  const step: EmbedStep = {
    input: flags.in!,
    out: flags.out!,
    embedder: chooseEmbedder(settings, process.env, { account, step: 'embed' }),
    prompt: settings.prompt,
    cache,
    signal,
    onStart: (total) => { progress = startProgress({ label: 'embed', total, unit: 'items' }) },
    onProgress: (done) => progress?.update(done),
  }
  if (flags['dry-run'] === true) {
    const estimate = createEstimate()
    await dryEmbed(step, estimate)
    for (const line of estimateLines(estimate.expected, account.prices)) console.log(line)
    return
  }
  try {
    const { manifest, skipped } = await embed(step)
    progress?.finish()
    console.log(`${flags.out}: ${String(manifest.items)} items, ${String(manifest.undescribed)} without a description; ` +
      `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
  } finally {
    if (account.spentUsd > 0) console.error(`embed: ${account.spentUsd.toFixed(4)} USD spent`)
    await account.close()
  }
})
