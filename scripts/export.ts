import { EXPORT } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { loadTf } from '../src/nn/tf.ts'
import { exportSettings } from '../src/pipeline/export/export-settings.ts'
import { exportStep } from '../src/pipeline/export.ts'
import { backendChoice } from '../src/pipeline/train-settings.ts'
import { startReported } from '../src/progress.ts'

await runCommand(EXPORT, async ({ flags }) => {
  const backend = backendChoice(flags.backend ?? 'auto')
  const settings = exportSettings({
    ...await readConfig(flags.config),
    ...given({
      generated: flags.generated,
      histories: flags['without-histories'] === true ? false : undefined,
      int8: flags.int8,
      indexShards: wholeNumber('index-shards', flags['index-shards'], 1),
    }),
  })
  const { onProgress, finish } = startReported({ label: 'export', unit: 'parts' })
  const { dir, manifest, skipped } = await exportStep({
    input: flags.in,
    out: flags.out,
    settings,
    openTf: () => loadTf(backend),
    log: (message) => console.error(`export: ${message}`),
    onProgress,
  })
  finish()
  const megabytes = manifest.files.reduce((sum, { size }) => sum + size, 0) / 1e6
  return {
    says: `${dir}: ${manifest.system} for ${manifest.domains.map(({ name }) => name).join(', ')}, ` +
      `${megabytes.toFixed(1)} MB${skipped ? ' (unchanged)' : ''}`,
    result: {
      dir,
      skipped,
      system: manifest.system,
      domains: manifest.domains,
      megabytes,
      ...(manifest.int8 && { int8: manifest.int8 }),
    },
  }
})
