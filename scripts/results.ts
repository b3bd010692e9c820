import { basename, join } from 'node:path'
import { RESULTS } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { figure } from '../src/evaluate/table.ts'
import { workRoot } from '../src/paths.ts'
import { defaultJobs } from '../src/pipeline/cells/run-cells.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { results } from '../src/pipeline/results/results.ts'
import { hoursFromNow, studyFolder, terminalContext } from '../src/pipeline/terminal.ts'

await runCommand(RESULTS, async ({ flags, operands, signal }) => {
  const { 'k-core': kCore = 'none', ties = 'input', backend } = flags
  const data = [...flags.data, ...operands]
  const name = basename(data[0]!)
  const first = wholeNumber('seed', flags.seed) ?? 42
  const count = wholeNumber('seeds', flags.seeds, 1) ?? 3
  const settings = pipelineSettings(
    { ...given({ backend }), kCore, ties, seed: String(first) }, await readConfig(flags.config))
  const { seed: _seed, ...overrides } = settings.train.overrides
  const file = flags.out ?? join(workRoot, 'docs/results.md')
  const page = await results({
    context: { ...terminalContext(signal), data, work: flags.work ?? studyFolder(name), settings },
    seeds: Array.from({ length: count }, (_, i) => first + i),
    jobs: wholeNumber('jobs', flags.jobs, 1) ?? defaultJobs(),
    ...hoursFromNow(flags.hours),
    overrides: { ...overrides, ...given({ epochs: wholeNumber('epochs', flags.epochs, 1) }) },
    tuning: flags.tuning ?? join(workRoot, 'docs/tuning', `${name}.json`),
    command: ['npm run results --', ...process.argv.slice(2)].join(' '),
    file,
  })
  if ('left' in page) {
    return { says: `results: ${page.left} trainings are left; the same command goes on`, result: { left: page.left } }
  }
  const ours = page.rows.find(({ name }) => name === page.ours)!
  return {
    says: `results: ${page.ours} has NDCG@10 ${figure(ours.full['all']!.ndcg10.mean)}; ` +
      `${page.rows.length} systems in ${file}`,
    result: { left: 0, file, rows: page.rows },
  }
})
