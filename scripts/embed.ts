import { runCommand } from '../src/config/command.ts'
import { parseFlags, readConfig, STEP_FLAGS } from '../src/config/step-flags.ts'
import { contentCache } from '../src/paths.ts'
import { embedSettings } from '../src/pipeline/embed-settings.ts'
import { embed } from '../src/pipeline/embed.ts'
import { chooseEmbedder } from '../src/pipeline/embedder-choice.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

const usage = `npm run embed -- --in <dataset> --out <embeddings>
  [--embedder local|openai] [--model text-embedding-3-small] [--width n] [--base-url url]
  [--template item-product/1|item-paper/1] [--cache folder] [--config file.json]
The key of an endpoint is read from OPENAI_API_KEY. What was embedded once is kept in the cache: after Ctrl-C the same
command goes on. --seed is taken as by every step, and embedding draws nothing.`

const OPTIONS = {
  ...STEP_FLAGS,
  embedder: { type: 'string' },
  model: { type: 'string' },
  width: { type: 'string' },
  'base-url': { type: 'string' },
  template: { type: 'string' },
  cache: { type: 'string' },
} as const

await runCommand('embed', { usage }, async (signal) => {
  const { flags: { in: input, out, config, cache, ...flags } } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const { embedder, model, width, template, 'base-url': baseUrl } = flags
  const settings = embedSettings({ embedder, model, width, template, baseUrl }, await readConfig(config))
  let progress: Progress | undefined
  const { manifest, skipped } = await embed({
    input: input!,
    out: out!,
    embedder: chooseEmbedder(settings, process.env),
    prompt: settings.prompt,
    cache: cache ?? contentCache,
    signal,
    onStart: (total) => { progress = startProgress({ label: 'embed', total, unit: 'items' }) },
    onProgress: (done) => progress?.update(done),
  })
  progress?.finish()
  console.log(`${out}: ${String(manifest.items)} items, ${String(manifest.undescribed)} without a description; ` +
    `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
})
