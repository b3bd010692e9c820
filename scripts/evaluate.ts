import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, STEP_FLAGS, wholeNumber } from '../src/config/step-flags.ts'
import { reportTable } from '../src/evaluate/table.ts'
import { loadTf } from '../src/nn/tf.ts'
import { measureEfficiency } from '../src/pipeline/efficiency.ts'
import { evaluateSettings } from '../src/pipeline/evaluate-settings.ts'
import { evaluateBaseline, evaluateRun, openEvaluation } from '../src/pipeline/evaluate.ts'
import { backendChoice } from '../src/pipeline/train-settings.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'
import { countingBaseline } from '../src/systems/baselines/counting.ts'

const usage = `npm run evaluate -- --in <run> --out <evaluation>
  [--mode full,sampled-100,official] [--backend auto|native-gpu|native|wasm|cpu] [--config file.json] [--seed 42]
  [--efficiency]: also the number of parameters, and the time to rank for all users
A counting baseline needs no run: --in <dataset> --baseline popularity|transitions|item-knn|vs-knn`

const OPTIONS = {
  ...STEP_FLAGS,
  mode: { type: 'string' },
  backend: { type: 'string' },
  baseline: { type: 'string' },
  efficiency: { type: 'boolean', default: false },
} as const

await runCommand('evaluate', { usage }, async (signal) => {
  const { flags } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const [input, out] = [flags.in!, flags.out!]
  const backend = backendChoice(flags.backend ?? 'auto')
  const config = await readConfig(flags.config)
  const settings = evaluateSettings({
    ...config, ...given({ modes: flags.mode, seed: wholeNumber('seed', flags.seed) }),
  })
  let progress: Progress | undefined
  const call = {
    out,
    settings,
    signal,
    onStart: (total: number) => { progress = startProgress({ label: 'evaluate', total, unit: 'users' }) },
    onProgress: (done: number) => progress?.update(done),
  }
  const { manifest, skipped } = flags.baseline === undefined
    ? await evaluateRun({ ...call, run: input, openTf: () => loadTf(backend) })
    : await evaluateBaseline(countingBaseline(flags.baseline), { ...call, dataset: input })
  progress?.finish()
  console.log(reportTable((await openEvaluation(out)).report))
  if (flags.efficiency && flags.baseline === undefined) {
    const cost = await measureEfficiency(input, () => loadTf(backend))
    console.log(`${cost.parameters} parameters; ${cost.users} users ranked in ${cost.domains} domains in ` +
      `${cost.seconds.toFixed(2)} s on ${cost.backend}`)
  }
  console.log(`${out}: digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
})
