import { DOCTOR } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { serviceConfig } from '../src/config/service-config.ts'
import { EXIT_REFUSED } from '../src/errors.ts'
import { checkMachine, missing, report } from '../src/doctor/checks.ts'
import { machineProbes } from '../src/doctor/probes.ts'

await runCommand(DOCTOR, async ({ flags }) => {
  const { REDIS_URL: _, ...environment } = process.env
  const { bundle } = serviceConfig(environment, flags)
  const findings = await checkMachine(machineProbes(bundle, process.env))
  const lacks = missing(findings)
  return {
    says: report(findings) + (lacks.length === 0 ? '' : `\nCannot run here without: ${lacks.join(', ')}`),
    result: { runs: lacks.length === 0, findings },
    exitCode: lacks.length === 0 ? 0 : EXIT_REFUSED,
  }
})
