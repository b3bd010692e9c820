import closeWithGrace from 'close-with-grace'
import { START } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { serviceConfig } from '../src/config/service-config.ts'
import { findHnswDriver } from '../src/retrieve/hnsw-driver.ts'
import { startService } from '../src/serve/server.ts'
import { welcome } from '../src/serve/welcome.ts'

await runCommand(START, async ({ flags: { 'open-domains': openDomains, ...flags } }) => {
  const config = serviceConfig(process.env, { ...flags, ...(openDomains === true && { 'open-domains': '1' }) })
  // The log goes where people do not read: stdout is theirs.
  const service = await startService(config, process.env, { level: config.logLevel, stream: process.stderr })
  closeWithGrace({ delay: config.shutdownTimeoutMs + config.shutdownDelayMs }, async ({ err }) => {
    if (err !== undefined) console.error(err)
    await service.close()
  })
  const absent = await findHnswDriver() === undefined ? ['hnswlib-node: not there; search is exact'] : []
  return { says: welcome(service, absent) }
}, { livesOn: true })
