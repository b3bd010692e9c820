// Adds up vitest's JSON reports into one closing line; a skipped test is a failure here, where everything is present.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests + report.numPendingTests
  for (const test of report.testResults.flatMap((result) => result.assertionResults)) {
    if (test.status !== 'passed') console.error(`${test.status}: ${test.fullName}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
