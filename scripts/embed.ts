import { EMBED } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { readConfig } from '../src/config/step-flags.ts'
import { embedSettings } from '../src/pipeline/embed-settings.ts'
import { dryEmbed, embed } from '../src/pipeline/embed.ts'
import type { EmbedStep } from '../src/pipeline/embed.ts'
import { chooseEmbedder } from '../src/pipeline/embedder-choice.ts'
import { paidStep } from '../src/pipeline/paid-step.ts'
import { openSpending } from '../src/pipeline/spending.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

await runCommand(EMBED, async ({ flags, signal }) => {
  const { embedder, model, width, template, 'base-url': baseUrl } = flags
  const settings = embedSettings({ embedder, model, width, template, baseUrl }, await readConfig(flags.config))
  const { account, cache } = await openSpending(flags)
  let progress: Progress | undefined
  const step: EmbedStep = {
    input: flags.in,
    out: flags.out,
    embedder: chooseEmbedder(settings, process.env, { account, step: 'embed' }),
    prompt: settings.prompt,
    cache,
    signal,
    onStart: (total) => { progress = startProgress({ label: 'embed', total, unit: 'items' }) },
    onProgress: (done) => progress?.update(done),
  }
  return await paidStep({
    name: 'embed',
    account,
    dryRun: flags['dry-run'] === true,
    count: async (estimate) => await dryEmbed(step, estimate),
    async make () {
      const { manifest, skipped } = await embed(step)
      progress?.finish()
      return {
        says: `${flags.out}: ${String(manifest.items)} items, ${String(manifest.undescribed)} without a description; ` +
          `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`,
        result: { out: flags.out, skipped, ...manifest },
      }
    },
  })
})
