import { join } from 'node:path'
import { benchIndex } from '../bench/index/bench-index.ts'
import { SIZES } from '../bench/index/report.ts'
import { BENCH_INDEX } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { wholeNumber } from '../src/config/step-flags.ts'
import { refuseSetting } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_INDEX, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo'), domain, out = join(packageRoot, 'docs/performance/index.md') } = flags
  const sizes = (flags.sizes ?? SIZES.join(',')).split(',').map((text) =>
    wholeNumber('sizes', text, 1) ?? refuseSetting('sizes', 'names numbers of items, with commas'))
  const shards = wholeNumber('shards', flags.shards, 1)
  const { onProgress, finish } = startReported({ label: 'bench-index', unit: 'parts' })
  const result = await benchIndex({
    bundle,
    sizes,
    users: wholeNumber('users', flags.users, 1) ?? 2000,
    out,
    onProgress,
    ...(domain === undefined ? {} : { domain }),
    ...(shards === undefined ? {} : { shards }),
  })
  finish()
  return { says: `bench-index: ${out}`, result }
})
