import { join } from 'node:path'
import { above0, atLeast, deadlineOf } from '../bench/flags.ts'
import { asBlock, machineLine, PAGE, writeSection } from '../bench/page.ts'
import { benchShed } from '../bench/shed/bench-shed.ts'
import { goodput, shedPictures, shedReport } from '../bench/shed/report.ts'
import { BENCH_SHED } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_SHED, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 5)
  const rounds = atLeast('rounds', flags.rounds, 2, 1)
  const deadlineMs = deadlineOf(flags.deadline)
  const { onProgress, finish } = startReported({ label: 'bench-shed', unit: 'slices' })
  const figures = await benchShed({ bundle, seconds, rounds, deadlineMs, onProgress })
  finish()
  const report = shedReport(figures)
  if (flags.write === true) {
    await writeSection('bench:shed', 'More load than it can take', asBlock(machineLine(bundle), report), shedPictures(figures))
  }
  return {
    says: flags.write === true ? `bench:shed: wrote ${PAGE}` : report,
    // Without the time of each single answer.
    result: {
      capacity: figures.capacity,
      deadlineMs,
      rows: figures.rows.map(({ times, offered, seconds, fates, good, cpu }) =>
        ({ times, offered, seconds, fates, goodput: goodput({ good, seconds }), cpu })),
    },
  }
})
