import { basename, join, relative } from 'node:path'
import { TUNE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { refuseSetting } from '../src/errors.ts'
import { workRoot } from '../src/paths.ts'
import { defaultJobs } from '../src/pipeline/cells/run-cells.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { hoursFromNow, studyFolder, terminalContext } from '../src/pipeline/terminal.ts'
import { TUNABLE } from '../src/pipeline/tune/space.ts'
import { tune } from '../src/pipeline/tune/tune.ts'

const names = TUNABLE.map(({ name }) => name)

await runCommand(TUNE, async ({ flags, operands, signal }) => {
  const { 'k-core': kCore = 'none', ties = 'input', backend } = flags
  const data = [...flags.data, ...operands]
  const name = basename(data[0]!)
  const seed = wholeNumber('seed', flags.seed) ?? 42
  const systems = flags.systems?.split(',') ?? names
  const stray = systems.find((system) => !names.includes(system))
  if (stray !== undefined) refuseSetting('systems', `is a list of ${names.join(', ')}`)
  const settings = pipelineSettings(
    { ...given({ backend }), kCore, ties, seed: String(seed) }, await readConfig(flags.config))
  const { seed: _seed, ...overrides } = settings.train.overrides
  const file = flags.out ?? join(workRoot, 'docs/tuning', `${name}.json`)
  const { left } = await tune({
    context: { ...terminalContext(signal), data, work: flags.work ?? studyFolder(name), settings },
    contestants: TUNABLE.filter((contestant) => systems.includes(contestant.name)),
    configurations: wholeNumber('configurations', flags.configurations, 1) ?? 12,
    seed,
    overrides,
    ...given({ epochs: wholeNumber('epochs', flags.epochs, 1) }),
    jobs: wholeNumber('jobs', flags.jobs, 1) ?? defaultJobs(),
    ...hoursFromNow(flags.hours),
    file,
    command: ['npm run tune --', ...process.argv.slice(2)].join(' '),
  })
  return {
    says: `tune: ${relative(process.cwd(), file)} ` +
      (left === 0 ? 'holds what was chosen' : `holds what there is; ${left} trainings are left: the same command goes on`),
    result: { file, left },
  }
})
