import { basename, join } from 'node:path'
import { runCommand } from '../src/config/command.ts'
import { parseFlags, readConfig } from '../src/config/step-flags.ts'
import { figure } from '../src/evaluate/table.ts'
import { contentCache, packageRoot } from '../src/paths.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { results } from '../src/pipeline/results.ts'
import { startProgress } from '../src/progress.ts'

const usage = `npm run results -- --data <folder, or files>
  [--k-core none|n|users,items] [--ties input|shuffle] [--preset product] [--epochs n] [--backend auto] [--seed 42]
  [--config file.json] [--work folder] [--out docs/results.md]
Trains LLM4CDSR, counts the baselines, and writes the page; what is there unchanged is skipped.`

const OPTIONS = {
  data: { type: 'string', multiple: true },
  'k-core': { type: 'string' },
  ties: { type: 'string' },
  preset: { type: 'string' },
  epochs: { type: 'string' },
  backend: { type: 'string' },
  seed: { type: 'string' },
  config: { type: 'string' },
  work: { type: 'string' },
  out: { type: 'string' },
} as const

await runCommand('results', { usage }, async (signal) => {
  const { flags, positionals } = parseFlags(usage, OPTIONS, ['data'])
  const { 'k-core': kCore = 'none', ties = 'input', config, work, out, data: _data, ...rest } = flags
  const data = [...flags.data!, ...positionals]
  const page = await results({
    context: {
      data,
      work: work ?? join(packageRoot, 'work/results', basename(data[0]!)),
      settings: pipelineSettings({ ...rest, kCore, ties, system: 'llm4cdsr' }, await readConfig(config)),
      cache: contentCache,
      env: process.env,
      signal,
      progress: (label, total, unit) => startProgress({ label, total, unit }),
      onBadRow: ({ file, line, reason }) => console.error(`left out: ${file}:${line}: ${reason}`),
      say: (line) => console.error(line),
    },
    command: ['npm run results --', ...process.argv.slice(2)].join(' '),
    file: out ?? join(packageRoot, 'docs/results.md'),
  })
  const { difference, against } = page.comparison
  console.log(`results: ${page.trained.name} against ${against}: NDCG@10 ${figure(difference)}; ` +
    `${page.rows.length} systems in ${out ?? 'docs/results.md'}`)
})
