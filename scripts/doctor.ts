import { DOCTOR } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { serviceConfig, type ServiceConfig } from '../src/config/service-config.ts'
import { EXIT_REFUSED } from '../src/errors.ts'
import { checkMachine, checkService, missing, report, type Wanted } from '../src/doctor/checks.ts'
import { machineProbes } from '../src/doctor/probes.ts'
import { serviceProbes } from '../src/doctor/service-probes.ts'

await runCommand(DOCTOR, async ({ flags }) => {
  const read = (): ServiceConfig => serviceConfig(process.env, flags)
  const findings = [
    ...await checkMachine(machineProbes(), wantedBy(read)), ...await checkService(serviceProbes(read, process.env)),
  ]
  const lacks = missing(findings)
  return {
    says: report(findings) + (lacks.length === 0 ? '' : `\nCannot run here without: ${lacks.join(', ')}`),
    result: { runs: lacks.length === 0, findings },
    exitCode: lacks.length === 0 ? 0 : EXIT_REFUSED,
  }
})

function wantedBy (read: () => ServiceConfig): Wanted {
  try {
    const { provider, retrieval } = read()
    return { cuda: provider === 'cuda', hnsw: retrieval === 'hnsw' || retrieval === 'hybrid' }
  } catch {
    // The look at the service says what is wrong.
    return {}
  }
}
