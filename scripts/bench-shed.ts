import { join } from 'node:path'
import { benchShed } from '../bench/shed/bench-shed.ts'
import { goodput, shedPicture, shedReport } from '../bench/shed/report.ts'
import { BENCH_SHED } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SHED, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = Number(flags.seconds ?? 5)
  const rounds = Number(flags.rounds ?? 2)
  const deadlineMs = Number(flags.deadline ?? 250)
  if (!(seconds > 0)) refuseSetting('seconds', 'is a number above 0')
  if (!(rounds >= 1)) refuseSetting('rounds', 'is a number from 1')
  if (!(deadlineMs >= 10 && deadlineMs <= 5000)) refuseSetting('deadline', 'is a number from 10 to 5000')
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
