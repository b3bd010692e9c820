import { join } from 'node:path'
import { benchEngine } from '../bench/engine/bench-engine.ts'
import { leverLine, leverTable } from '../bench/engine/report.ts'
import { atLeast } from '../bench/flags.ts'
import { machineLine, PAGE, writeSection } from '../bench/page.ts'
import { BENCH_ENGINE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_ENGINE, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo') } = flags
  const items = atLeast('items', flags.items, 20_000, 1000)
  const rounds = atLeast('rounds', flags.rounds, 7, 1)
  const { onProgress, finish } = startReported({ label: 'bench-engine', unit: 'levers' })
  const rows = await benchEngine({
    bundle, items, rounds, onLever: (row, done, total) => onProgress(done, total, leverLine(row)),
  })
  finish()
  const table = leverTable(rows, { items, rounds })
  if (flags.write === true) await writeSection('bench:engine', 'The engine, lever by lever', `${machineLine()}\n\n${table}`)
  return { says: flags.write === true ? `bench:engine: wrote ${PAGE}` : table, result: { rows } }
})
