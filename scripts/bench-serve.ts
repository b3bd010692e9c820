import { join } from 'node:path'
import { benchServe } from '../bench/serve/bench-serve.ts'
import { servePicture, serveReport } from '../bench/serve/report.ts'
import { BENCH_SERVE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SERVE, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = Number(flags.seconds ?? 54)
  const rounds = Number(flags.rounds ?? 4)
  if (!(seconds > 0)) refuseSetting('seconds', 'is a number above 0')
  if (!(rounds >= 1)) refuseSetting('rounds', 'is a number from 1')
  const rows = await benchServe({ bundle, connections: [1, 16, 64], seconds, rounds })
  if (flags.picture !== undefined) await writeFileAtomic(flags.picture, servePicture(rows))
  return { says: serveReport(rows), result: { rows } }
})
