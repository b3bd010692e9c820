import { EVALUATE } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { reportTable } from '../src/evaluate/table.ts'
import { loadTf } from '../src/nn/tf.ts'
import { measureEfficiency } from '../src/pipeline/efficiency.ts'
import { evaluateSettings } from '../src/pipeline/evaluate-settings.ts'
import { evaluateBaseline, evaluateRun, openEvaluation } from '../src/pipeline/evaluate.ts'
import { backendChoice } from '../src/pipeline/train-settings.ts'
import { startProgress } from '../src/progress.ts'
import type { Progress } from '../src/progress.ts'
import { countingBaseline } from '../src/systems/baselines/counting.ts'

await runCommand(EVALUATE, async ({ flags, signal }) => {
  const { in: input, out } = flags
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
  const { report } = await openEvaluation(out)
  const cost = flags.efficiency === true && flags.baseline === undefined
    ? await measureEfficiency(input, () => loadTf(backend))
    : undefined
  return {
    says: [
      reportTable(report),
      ...(cost === undefined
        ? []
        : [`${cost.parameters} parameters; ${cost.users} users ranked in ${cost.domains} domains in ` +
          `${cost.seconds.toFixed(2)} s on ${cost.backend}`]),
      `${out}: digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`,
    ].join('\n'),
    result: { out, skipped, ...manifest, report, ...(cost !== undefined && { efficiency: cost }) },
  }
})
