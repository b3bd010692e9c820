import { runCommand } from '../src/config/command.ts'
import { serviceConfig } from '../src/config/service-config.ts'
import { parseFlags } from '../src/config/step-flags.ts'
import { checkMachine, refuseMissing, report } from '../src/doctor/checks.ts'
import { machineProbes } from '../src/doctor/probes.ts'

const usage = `npm run doctor -- [--bundle models/demo]
Looks at what this machine has, and says what brings what it lacks. Ends with 78 where the service cannot run.`

await runCommand('doctor', { usage }, async () => {
  const { flags } = parseFlags(usage, { bundle: { type: 'string' } } as const)
  const { REDIS_URL: _, ...environment } = process.env
  const { bundle } = serviceConfig(environment, flags)
  const findings = await checkMachine(machineProbes(bundle, process.env))
  console.log(report(findings))
  refuseMissing(findings)
})
