import { join } from 'node:path'
import { openBundle } from '../src/bundle/open.ts'
import { IMPORT_EVENTS } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { serviceConfig } from '../src/config/service-config.ts'
import { given, readConfig } from '../src/config/step-flags.ts'
import { importEvents } from '../src/pipeline/import-events.ts'
import { importSettings } from '../src/pipeline/import-settings.ts'
import { startProgress } from '../src/progress.ts'
import { openStore } from '../src/state/embedded/open-store.ts'

await runCommand(IMPORT_EVENTS, async ({ flags, operands, signal }) => {
  const settings = importSettings({
    ...await readConfig(flags.config),
    ...given({ dataDir: flags['data-dir'], maxBadShare: flags['max-bad-share'] }),
  })
  const config = serviceConfig(process.env, given({ 'data-dir': settings.dataDir }) as { 'data-dir'?: string })
  const dataDir = config.dataDir ?? join(process.cwd(), 'data', (await openBundle(config.bundle)).manifest.name)
  const store = await openStore(dataDir)
  try {
    const progress = startProgress({ label: 'import-events', unit: 'users' })
    const { users, events } = await importEvents({
      inputs: [...flags.in, ...operands],
      store,
      maxBadShare: settings.maxBadShare,
      signal,
      onBadRow: ({ file, line, reason }) => console.error(`left out: ${file}:${line}: ${reason}`),
      onRead: ({ rows, bad }) => console.error(`import-events: ${rows} rows read, ${bad} left out`),
      onProgress: (done) => { progress.update(done) },
    })
    progress.finish()
    return { says: `${dataDir}: ${events} events of ${users} users brought in`, result: { dataDir, users, events } }
  } finally {
    await store.close()
  }
})
