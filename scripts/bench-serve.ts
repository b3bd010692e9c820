import { above0, atLeast } from '../bench/flags.ts'
import { asBlock, machineLine, PAGE, writeSection } from '../bench/page.ts'
import { benchServe } from '../bench/serve/bench-serve.ts'
import { servePicture, serveReport } from '../bench/serve/report.ts'
import { BENCH_SERVE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'
import { join } from 'node:path'

await runCommand(BENCH_SERVE, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 54)
  const rounds = atLeast('rounds', flags.rounds, 4, 1)
  const { onProgress, finish } = startReported({ label: 'bench-serve', unit: 'slices' })
  const rows = await benchServe({ bundle, connections: [1, 16, 64], seconds, rounds, onProgress })
  finish()
  const report = serveReport(rows)
  if (flags.write === true) {
    await writeSection('bench:serve', 'The service, its engine and its framework', asBlock(machineLine(bundle), report), [servePicture(rows)])
  }
  return { says: flags.write === true ? `bench:serve: wrote ${PAGE}` : report, result: { rows } }
})
