import { join } from 'node:path'
import { above0, deadlineOf } from '../bench/flags.ts'
import { benchSoak } from '../bench/soak/bench-soak.ts'
import { soakLine, soakReport } from '../bench/soak/report.ts'
import { BENCH_SOAK } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_SOAK, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const minutes = above0('minutes', flags.minutes, 30)
  const deadlineMs = deadlineOf(flags.deadline)
  const { onProgress, finish } = startReported({ label: 'bench-soak', unit: 'slices' })
  const figures = await benchSoak({
    bundle, minutes, deadlineMs, onSlice: (slice, done, total) => onProgress(done, total, soakLine(slice)),
  })
  finish()
  return {
    says: soakReport(figures),
    // Without the time of each single answer.
    result: {
      capacity: figures.capacity,
      perSecond: figures.perSecond,
      slices: figures.slices.map(({ latencies: _, ...slice }) => slice),
    },
  }
})
