import { join } from 'node:path'
import { benchSoak } from '../bench/soak/bench-soak.ts'
import { soakLine, soakReport } from '../bench/soak/report.ts'
import { BENCH_SOAK } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SOAK, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const minutes = Number(flags.minutes ?? 30)
  const deadlineMs = Number(flags.deadline ?? 250)
  if (!(minutes > 0)) refuseSetting('minutes', 'is a number above 0')
  if (!(deadlineMs >= 10 && deadlineMs <= 5000)) refuseSetting('deadline', 'is a number from 10 to 5000')
  const figures = await benchSoak({
    bundle, minutes, deadlineMs, onSlice: (slice) => console.error(soakLine(slice)),
  })
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
