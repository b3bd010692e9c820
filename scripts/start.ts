import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import { serviceConfig } from '../src/config/service-config.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { findHnswDriver } from '../src/retrieve/hnsw-driver.ts'
import { startService } from '../src/serve/server.ts'
import { welcome } from '../src/serve/welcome.ts'

const USAGE = `npm start -- [--bundle models/demo] [--port 3000] [--host 127.0.0.1] [--data-dir folder]
  [--open-domains]
  Environment: BUNDLE, PORT, HOST, DATA_DIR, REDIS_URL, REDIS_NAMESPACE, REDIS_TIMEOUT_MS, ALLOW_INSECURE_REDIS,
  METRICS_PORT, OPEN_DOMAINS, ORT_PROVIDER, RETRIEVAL, LOG_LEVEL, REQUEST_TIMEOUT_MS, MAX_IN_FLIGHT, RATE_LIMIT,
  RATE_LIMIT_ITEMS, MAX_LOOP_DELAY_MS, ENGINE_QUEUE, MODEL_WATCH_MS, SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS`

const OPTIONS = {
  bundle: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'open-domains': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

try {
  const { help, 'open-domains': openDomains, ...flags } = flagsOf()
  if (help === true) console.log(USAGE)
  else {
    const config = serviceConfig(process.env, { ...flags, ...(openDomains === true && { 'open-domains': '1' }) })
    // The log goes where people do not read: stdout is theirs.
    const service = await startService(config, process.env, { level: config.logLevel, stream: process.stderr })
    closeWithGrace({ delay: config.shutdownTimeoutMs + config.shutdownDelayMs }, async ({ err }) => {
      if (err !== undefined) console.error(err)
      await service.close()
    })
    const absent = await findHnswDriver() === undefined ? ['hnswlib-node: not there; search is exact'] : []
    console.log(welcome(service, absent))
  }
} catch (error) {
  console.error(error instanceof IsthmusError ? `start: ${error.code}: ${error.message}` : error)
  process.exit(exitStatus(error))
}

function flagsOf () {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (cause) {
    throw new IsthmusError('config_invalid', `${cause instanceof Error ? cause.message : ''}\n${USAGE}`, { cause })
  }
}
