import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig } from '../src/config/step-flags.ts'
import { loadTf } from '../src/nn/tf.ts'
import { exportSettings } from '../src/pipeline/export/export-settings.ts'
import { exportStep } from '../src/pipeline/export.ts'
import { backendChoice } from '../src/pipeline/train-settings.ts'

const usage = `npm run export -- --in <evaluation> --out models/<name>
  [--without-histories] [--generated] [--backend auto|native-gpu|native|wasm|cpu] [--config file.json]
A config file may set histories, halfLifeDays and generated.`

const OPTIONS = {
  in: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  backend: { type: 'string' },
  generated: { type: 'boolean' },
  'without-histories': { type: 'boolean' },
} as const

await runCommand('export', { usage }, async () => {
  const { flags } = parseFlags(usage, OPTIONS, ['in', 'out'])
  const backend = backendChoice(flags.backend ?? 'auto')
  const settings = exportSettings({
    ...await readConfig(flags.config),
    ...given({ generated: flags.generated, histories: flags['without-histories'] === true ? false : undefined }),
  })
  const { dir, manifest, skipped } = await exportStep({
    input: flags.in!,
    out: flags.out!,
    settings,
    openTf: () => loadTf(backend),
    log: (message) => console.error(`export: ${message}`),
  })
  const megabytes = manifest.files.reduce((sum, { size }) => sum + size, 0) / 1e6
  console.log(`${dir}: ${manifest.system} for ${manifest.domains.map(({ name }) => name).join(', ')}, ` +
    `${megabytes.toFixed(1)} MB${skipped ? ' (unchanged)' : ''}`)
})
