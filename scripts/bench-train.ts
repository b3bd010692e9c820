import { benchEpoch } from '../bench/train/bench-epoch.ts'
import { benchTrain } from '../bench/train/bench-train.ts'
import { epochReport, trainReport } from '../bench/train/report.ts'
import { isStepSystem, STEP_SYSTEMS } from '../bench/train/step-systems.ts'
import { BENCH_TRAIN } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { wholeNumber } from '../src/config/step-flags.ts'
import { refuseSetting } from '../src/errors.ts'
import { BACKENDS } from '../src/nn/tf.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_TRAIN, async ({ flags }) => {
  const { backend: named = 'native', system = 'llm4cdsr' } = flags
  const backend = BACKENDS.find((name) => name === named) ??
    refuseSetting('backend', `is one of ${BACKENDS.join(', ')}`)
  const count = (name: 'threads' | 'steps' | 'items' | 'batch', otherwise: number): number =>
    wholeNumber(name, flags[name], 1) ?? otherwise
  const threads = count('threads', 1)
  const epochs = wholeNumber('epochs', flags.epochs) ?? 0
  if (epochs > 0) {
    const { onProgress, finish } = startReported({ label: 'bench-train', unit: 'parts' })
    const memory = await benchEpoch({ backend, threads, system, epochs, onProgress })
    finish()
    return { says: epochReport(system, memory), result: { system, memory } }
  }
  if (!isStepSystem(system)) {
    refuseSetting('system', `is one of ${Object.keys(STEP_SYSTEMS).join(', ')}; any with --epochs`)
  }
  const items = count('items', 10_000)
  if (items % 2 !== 0) refuseSetting('items', 'is an even number')
  const { onProgress, finish } = startReported({ label: 'bench-train', unit: 'steps' })
  const figures = await benchTrain({
    system,
    backend,
    threads,
    log: flags.in === undefined ? { steps: count('steps', 24), items } : { folder: flags.in },
    batchSize: count('batch', 128),
    say: (message) => console.error(`bench-train: ${message}`),
    onProgress,
  })
  finish()
  return { says: trainReport(figures), result: figures }
})
