import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { readJson } from '../src/files/read.ts'
import { packageRoot } from '../src/paths.ts'
import { embedSettings } from '../src/pipeline/embed-settings.ts'
import { embed } from '../src/pipeline/embed.ts'
import { chooseEmbedder } from '../src/pipeline/embedder-choice.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'

const USAGE = `npm run embed -- --in <dataset> --out <embeddings>
  [--embedder local|openai] [--model text-embedding-3-small] [--width n] [--base-url url]
  [--template item-product/1|item-paper/1] [--cache folder] [--config file.json]
The key of an endpoint is read from OPENAI_API_KEY.`

const OPTIONS = {
  in: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  embedder: { type: 'string' },
  model: { type: 'string' },
  width: { type: 'string' },
  'base-url': { type: 'string' },
  template: { type: 'string' },
  // Taken as by every step; embedding draws nothing.
  seed: { type: 'string' },
  cache: { type: 'string', default: join(packageRoot, '.cache/embeddings') },
} as const

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new IsthmusError('interrupted', 'stopped; the same command goes on from here')))
}

try {
  const { values: flags } = parseArgs({ options: OPTIONS })
  if (flags.in === undefined || flags.out === undefined) {
    throw new IsthmusError('config_invalid', `--in and --out are required\n${USAGE}`)
  }
  const { embedder, model, width, template } = flags
  const settings = embedSettings(
    { embedder, model, width, template, baseUrl: flags['base-url'] },
    flags.config === undefined ? {} : await readJson(flags.config)
  )
  let progress: Progress | undefined
  const { manifest, skipped } = await embed({
    input: flags.in,
    out: flags.out,
    embedder: chooseEmbedder(settings, process.env),
    prompt: settings.prompt,
    cache: flags.cache,
    signal: stop.signal,
    onStart: (total) => { progress = startProgress({ label: 'embed', total, unit: 'items' }) },
    onProgress: (done) => progress?.update(done),
  })
  progress?.finish()
  console.log(`${flags.out}: ${String(manifest.items)} items, ${String(manifest.undescribed)} without a description; ` +
    `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
} catch (error) {
  console.error(error instanceof IsthmusError ? `embed: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
