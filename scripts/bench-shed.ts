import { join } from 'node:path'
import { above0, atLeast, deadlineOf } from '../bench/flags.ts'
import { benchShed } from '../bench/shed/bench-shed.ts'
import { goodput, shedPicture, shedReport } from '../bench/shed/report.ts'
import { BENCH_SHED } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SHED, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 5)
  const rounds = atLeast('rounds', flags.rounds, 2, 1)
  const deadlineMs = deadlineOf(flags.deadline)
  const figures = await benchShed({ bundle, seconds, rounds, deadlineMs })
  if (flags.picture !== undefined) await writeFileAtomic(flags.picture, shedPicture(figures))
  return {
    says: shedReport(figures),
    // Without the time of each single answer.
    result: {
      capacity: figures.capacity,
      deadlineMs,
      rows: figures.rows.map(({ times, offered, seconds, fates, good, cpu }) =>
        ({ times, offered, seconds, fates, goodput: goodput({ good, seconds }), cpu })),
    },
  }
})
