import { join } from 'node:path'
import { above0, atLeast } from '../bench/flags.ts'
import { machineLine, PAGE, writeSection } from '../bench/page.ts'
import { benchPeers } from '../bench/peers/bench-peers.ts'
import { peersReport } from '../bench/peers/report.ts'
import { BENCH_PEERS } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_PEERS, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const seconds = above0('seconds', flags.seconds, 8)
  const rounds = atLeast('rounds', flags.rounds, 4, 1)
  const { onProgress, finish } = startReported({ label: 'bench-peers', unit: 'slices' })
  const { rows, same } = await benchPeers({
    bundle, connections: [1, 16, 64], seconds, rounds, say: (message) => console.error(`bench-peers: ${message}`), onProgress,
  })
  finish()
  const report = `${machineLine(bundle)}\n\n${peersReport(rows, same)}`
  if (flags.write === true) await writeSection('bench:peers', 'The service and others at the same job', report)
  return { says: flags.write === true ? `bench:peers: wrote ${PAGE}` : report, result: { rows, same } }
})
