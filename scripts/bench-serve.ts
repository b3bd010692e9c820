import { join } from 'node:path'
import { above0, atLeast } from '../bench/flags.ts'
import { benchServe } from '../bench/serve/bench-serve.ts'
import { servePicture, serveReport } from '../bench/serve/report.ts'
import { BENCH_SERVE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

await runCommand(BENCH_SERVE, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 54)
  const rounds = atLeast('rounds', flags.rounds, 4, 1)
  const rows = await benchServe({ bundle, connections: [1, 16, 64], seconds, rounds })
  if (flags.picture !== undefined) await writeFileAtomic(flags.picture, servePicture(rows))
  return { says: serveReport(rows), result: { rows } }
})
