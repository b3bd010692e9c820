import { cpus } from 'node:os'
import { join } from 'node:path'
import { reliabilityPage } from '../bench/reliability/report.ts'
import { runPromiseTests } from '../bench/reliability/run-tests.ts'
import { runCommand } from '../src/config/command.ts'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

const FILE = 'docs/reliability.md'
const USAGE = `npm run reliability
Runs the tests named by a promise of the service (P1 to P40) and writes ${FILE} with what they measured.`

await runCommand('reliability', { usage: USAGE }, async () => {
  const report = await runPromiseTests()
  const machine = { node: process.versions.node, cores: cpus().length, date: new Date().toISOString().slice(0, 10) }
  const page = reliabilityPage(report, machine, packageRoot)
  await writeFileAtomic(join(packageRoot, FILE), page)
  console.log(`reliability: wrote ${FILE}`)
  if (page.includes('| **no** |')) process.exitCode = 1
})
