import { cpus } from 'node:os'
import { join } from 'node:path'
import { reliabilityPage } from '../bench/reliability/report.ts'
import { runPromiseTests } from '../bench/reliability/run-tests.ts'
import { RELIABILITY } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

const FILE = 'docs/reliability.md'
await runCommand(RELIABILITY, async () => {
  const report = await runPromiseTests()
  const machine = { node: process.versions.node, cores: cpus().length, date: new Date().toISOString().slice(0, 10) }
  const page = reliabilityPage(report, machine, packageRoot)
  await writeFileAtomic(join(packageRoot, FILE), page)
  return { says: `reliability: wrote ${FILE}`, exitCode: page.includes('| **no** |') ? 1 : 0 }
})
