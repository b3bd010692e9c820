import { basename, join } from 'node:path'
import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { figure } from '../src/evaluate/table.ts'
import { packageRoot } from '../src/paths.ts'
import { defaultJobs } from '../src/pipeline/cells/run-cells.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { results } from '../src/pipeline/results/results.ts'
import { hoursFromNow, studyFolder, terminalContext } from '../src/pipeline/terminal.ts'

const usage = `npm run results -- --data <folder, or files>
  [--k-core none|n|users,items] [--ties input|shuffle] [--seeds 3] [--seed 42] [--tuning docs/tuning/<data>.json]
  [--jobs n] [--hours h] [--epochs n] [--backend auto] [--config file.json] [--work folder] [--out docs/results.md]
Trains every system with every seed, counts the baselines, and writes the page; what is there unchanged is skipped.
Ctrl-C stops it, --hours stops it in time; the same command goes on from there.`

const OPTIONS = {
  data: { type: 'string', multiple: true },
  'k-core': { type: 'string' },
  ties: { type: 'string' },
  seeds: { type: 'string' },
  seed: { type: 'string' },
  tuning: { type: 'string' },
  jobs: { type: 'string' },
  hours: { type: 'string' },
  epochs: { type: 'string' },
  backend: { type: 'string' },
  config: { type: 'string' },
  work: { type: 'string' },
  out: { type: 'string' },
} as const

await runCommand('results', { usage }, async (signal) => {
  const { flags, positionals } = parseFlags(usage, OPTIONS, ['data'])
  const { 'k-core': kCore = 'none', ties = 'input', backend } = flags
  const data = [...flags.data!, ...positionals]
  const name = basename(data[0]!)
  const first = wholeNumber('seed', flags.seed) ?? 42
  const count = wholeNumber('seeds', flags.seeds, 1) ?? 3
  const settings = pipelineSettings(
    { ...given({ backend }), kCore, ties, seed: String(first) }, await readConfig(flags.config))
  const { seed: _seed, ...overrides } = settings.train.overrides
  const file = flags.out ?? join(packageRoot, 'docs/results.md')
  const page = await results({
    context: { ...terminalContext(signal), data, work: flags.work ?? studyFolder(name), settings },
    seeds: Array.from({ length: count }, (_, i) => first + i),
    jobs: wholeNumber('jobs', flags.jobs, 1) ?? defaultJobs(),
    ...hoursFromNow(flags.hours),
    overrides: { ...overrides, ...given({ epochs: wholeNumber('epochs', flags.epochs, 1) }) },
    tuning: flags.tuning ?? join(packageRoot, 'docs/tuning', `${name}.json`),
    command: ['npm run results --', ...process.argv.slice(2)].join(' '),
    file,
  })
  if ('left' in page) {
    console.log(`results: ${page.left} trainings are left; the same command goes on`)
    return
  }
  const ours = page.rows.find(({ name }) => name === page.ours)!
  console.log(`results: ${page.ours} has NDCG@10 ${figure(ours.full['all']!.ndcg10.mean)}; ` +
    `${page.rows.length} systems in ${file}`)
})
