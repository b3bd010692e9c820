import { join } from 'node:path'
import { benchShed } from '../bench/shed/bench-shed.ts'
import { goodput, shedReport } from '../bench/shed/report.ts'
import { BENCH_SHED } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SHED, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = Number(flags.seconds ?? 5)
  const rounds = Number(flags.rounds ?? 2)
  if (!(seconds > 0)) refuseSetting('seconds', 'is a number above 0')
  if (!(rounds >= 1)) refuseSetting('rounds', 'is a number from 1')
  const { capacity, rows } = await benchShed({ bundle, seconds, rounds })
  return {
    says: shedReport(capacity, rows),
    // Without the time of each single answer.
    result: {
      capacity,
      rows: rows.map(({ times, offered, seconds, fates, good }) =>
        ({ times, offered, seconds, fates, goodput: goodput({ good, seconds }) })),
    },
  }
})
