import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchServe } from '../bench/serve/bench-serve.ts'
import { serveReport } from '../bench/serve/report.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'

const USAGE = `npm run bench:serve -- [--bundle models/demo] [--seconds 54] [--rounds 4]
Throughput and latency of the service at 1, 16 and 64 connections, beside its engine without HTTP and Fastify without an
engine, in turns. Runs alone on 127.0.0.1.`

const OPTIONS = {
  bundle: { type: 'string', default: join(packageRoot, 'models/demo') },
  seconds: { type: 'string', default: '54' },
  rounds: { type: 'string', default: '4' },
  help: { type: 'boolean', default: false },
} as const

try {
  const { values: flags } = parseArgs({ options: OPTIONS })
  const seconds = Number(flags.seconds)
  const rounds = Number(flags.rounds)
  if (!(seconds > 0) || !(rounds >= 1)) throw new IsthmusError('config_invalid', USAGE)
  if (flags.help) console.log(USAGE)
  else console.log(serveReport(await benchServe({ bundle: flags.bundle, connections: [1, 16, 64], seconds, rounds })))
} catch (error) {
  console.error(error instanceof IsthmusError ? `bench-serve: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
