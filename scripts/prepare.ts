import { parseArgs } from 'node:util'
import { prepareSettings } from '../src/data/prepare-settings.ts'
import { prepare } from '../src/data/prepare.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { readJson } from '../src/files/read.ts'

const USAGE = `npm run prepare -- --in <folder, or files> --out <folder>
  [--k-core 5,3|none] [--ties shuffle|input] [--domains a,b] [--max-bad-share 0.01] [--seed 42] [--config file.json]`

const OPTIONS = {
  in: { type: 'string', multiple: true },
  out: { type: 'string' },
  config: { type: 'string' },
  'k-core': { type: 'string' },
  ties: { type: 'string' },
  domains: { type: 'string' },
  'max-bad-share': { type: 'string' },
  seed: { type: 'string' },
} as const

try {
  const { values: flags, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  if (flags.in === undefined || flags.out === undefined) {
    throw new IsthmusError('config_invalid', `--in and --out are required\n${USAGE}`)
  }
  const given = {
    kCore: flags['k-core'],
    ties: flags.ties,
    domains: flags.domains,
    maxBadShare: flags['max-bad-share'],
    seed: flags.seed,
  }
  const config = flags.config === undefined ? {} : await readJson(flags.config) as Record<string, unknown>
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const { manifest, skipped } = await prepare({
    inputs: [...flags.in, ...positionals],
    out: flags.out,
    settings: prepareSettings({ ...config, ...set }),
    onBadRow: ({ file, line, reason }) => console.error(`left out: ${file}:${line}: ${reason}`),
  })
  const domains = (manifest.domains as { name: string, size: number }[]).map(({ name, size }) => `${size} ${name}`)
  console.log(`${flags.out}: ${String(manifest.users)} users, ${String(manifest.events)} events, ` +
    `items: ${domains.join(', ')}; digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
} catch (error) {
  console.error(error instanceof IsthmusError ? `prepare: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
