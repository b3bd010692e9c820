import { join } from 'node:path'
import { openBundle } from '../src/bundle/open.ts'
import { runCommand } from '../src/config/command.ts'
import { serviceConfig } from '../src/config/service-config.ts'
import { given, parseFlags, readConfig } from '../src/config/step-flags.ts'
import { importEvents } from '../src/pipeline/import-events.ts'
import { importSettings } from '../src/pipeline/import-settings.ts'
import { openStore } from '../src/state/embedded/open-store.ts'

const usage = `npm run import-events -- --in <files, or folders with interactions*> [--data-dir folder]
  [--max-bad-share 0.01] [--config file.json]
Without --data-dir: DATA_DIR, or else the folder that npm start uses for its bundle. The service must not be running on
that folder. After Ctrl-C the same command goes on; a log that was imported is not imported again.`

const OPTIONS = {
  in: { type: 'string', multiple: true },
  'data-dir': { type: 'string' },
  'max-bad-share': { type: 'string' },
  config: { type: 'string' },
  seed: { type: 'string' },
} as const

const TELL_EVERY_MS = 2000

await runCommand('import-events', { usage }, async (signal) => {
  const { flags, positionals } = parseFlags(usage, OPTIONS, ['in'])
  const settings = importSettings({
    ...await readConfig(flags.config),
    ...given({ dataDir: flags['data-dir'], maxBadShare: flags['max-bad-share'] }),
  })
  const config = serviceConfig(process.env, given({ 'data-dir': settings.dataDir }) as { 'data-dir'?: string })
  const dataDir = config.dataDir ?? join(process.cwd(), 'data', (await openBundle(config.bundle)).manifest.name)
  const store = await openStore(dataDir)
  try {
    let told = performance.now()
    const { users, events } = await importEvents({
      inputs: [...flags.in!, ...positionals],
      store,
      maxBadShare: settings.maxBadShare,
      signal,
      onBadRow: ({ file, line, reason }) => console.error(`left out: ${file}:${line}: ${reason}`),
      onRead: ({ rows, bad }) => console.error(`import-events: ${rows} rows read, ${bad} left out`),
      onProgress: (done) => {
        if (performance.now() - told < TELL_EVERY_MS) return
        told = performance.now()
        console.error(`import-events: ${done} users`)
      },
    })
    console.log(`${dataDir}: ${events} events of ${users} users brought in`)
  } finally {
    await store.close()
  }
})
