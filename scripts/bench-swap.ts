import { join } from 'node:path'
import { above0, atLeast, deadlineOf } from '../bench/flags.ts'
import { machineLine, writeSection } from '../bench/page.ts'
import { benchSwap } from '../bench/swap/bench-swap.ts'
import { swapRatio, swapReport } from '../bench/swap/report.ts'
import { BENCH_SWAP } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_SWAP, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 30)
  const rounds = atLeast('rounds', flags.rounds, 3, 1)
  const machine = machineLine(bundle)
  const { onProgress, finish } = startReported({ label: 'bench-swap', unit: 'slices' })
  const figures = await benchSwap({ bundle, seconds, rounds, deadlineMs: deadlineOf(flags.deadline), onProgress })
  finish()
  const report = swapReport(figures)
  if (flags.write === true) await writeSection('bench:swap', 'Swapping models under load', `${machine}\n\n${report}`)
  const { capacity, perSecond, swapSeconds } = figures
  return { says: report, result: { capacity, perSecond, swapSeconds, p99Ratio: swapRatio(figures) } }
})
