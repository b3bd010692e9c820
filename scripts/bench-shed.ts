import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchShed } from '../bench/shed/bench-shed.ts'
import { shedReport } from '../bench/shed/report.ts'
import { runCommand } from '../src/config/command.ts'
import { IsthmusError } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'

const USAGE = `npm run bench:shed -- [--bundle models/demo] [--seconds 5] [--rounds 2]
The service at half, one, two and four times its measured capacity, in an open loop: what it still answers well and in
time, what it answers cheaply, what it refuses. Runs alone on 127.0.0.1.`

const OPTIONS = {
  bundle: { type: 'string', default: join(packageRoot, 'models/demo') },
  seconds: { type: 'string', default: '5' },
  rounds: { type: 'string', default: '2' },
} as const

await runCommand('bench-shed', { usage: USAGE }, async () => {
  const { values: flags } = parseArgs({ options: OPTIONS })
  const seconds = Number(flags.seconds)
  const rounds = Number(flags.rounds)
  if (!(seconds > 0) || !(rounds >= 1)) throw new IsthmusError('config_invalid', USAGE)
  const { capacity, rows } = await benchShed({ bundle: flags.bundle, seconds, rounds })
  console.log(shedReport(capacity, rows))
})
