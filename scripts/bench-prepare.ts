import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BENCH_PREPARE } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { wholeNumber } from '../src/config/step-flags.ts'
import { prepareSettings } from '../src/data/prepare-settings.ts'
import { prepare, STAGES } from '../src/data/prepare.ts'
import { workRoot } from '../src/paths.ts'
import { benchLog, writeBenchLog } from '../src/pipeline/bench-log.ts'
import { startProgress, startReported } from '../src/progress.ts'

await runCommand(BENCH_PREPARE, async ({ flags, signal }) => {
  const events = wholeNumber('events', flags.events, 1_000) ?? 20_000_000
  const seed = wholeNumber('seed', flags.seed) ?? 42
  const work = join(flags.work ?? join(workRoot, 'work/bench-prepare'), String(events))
  const raw = join(work, 'raw')
  await mkdir(raw, { recursive: true })
  const log = startReported({ label: 'log', unit: 'events' })
  await writeBenchLog(raw, benchLog(events, seed), log.onProgress)
  log.finish()
  const { size } = await stat(join(raw, 'interactions.csv'))
  const before = process.resourceUsage().maxRSS

  // What an earlier run left would be found unchanged.
  const out = join(work, 'dataset')
  await rm(out, { recursive: true, force: true })
  const began = new Map<string, number>()
  const start = performance.now()
  const progress = startProgress({ label: 'prepare', total: STAGES.length, unit: 'stages' })
  const { manifest } = await prepare({
    inputs: [raw],
    out,
    settings: prepareSettings({ seed }),
    signal,
    onProgress: (done, stage, share) => {
      if (!began.has(stage)) began.set(stage, performance.now())
      progress.update(done, `${stage} ${(100 * share).toFixed(0)} %`)
    },
  })
  progress.finish()
  const end = performance.now()
  const starts = [...began]
  const stages = starts.map(([stage, from], n) => [stage, seconds(from, starts[n + 1]?.[1] ?? end)] as const)
  const peak = process.resourceUsage().maxRSS
  return {
    says: [
      ...stages.map(([stage, took]) => `${stage}: ${took} s`),
      `${events} events (${(size / 1e6).toFixed(0)} MB), ${String(manifest.events)} of them kept with ` +
        `${String(manifest.users)} users: ${seconds(start, end)} s, peak RSS ${mebibytes(peak)} MiB ` +
        `(${mebibytes(before)} MiB of it before prepare began)`,
    ].join('\n'),
    result: {
      events,
      users: manifest.users,
      seconds: Number(seconds(start, end)),
      stages: Object.fromEntries(stages.map(([stage, took]) => [stage, Number(took)])),
      peakMiB: Number(mebibytes(peak)),
    },
  }
})

function seconds (from: number, to: number): string {
  return ((to - from) / 1000).toFixed(1)
}

/** From KiB, in which the system counts. */
function mebibytes (kibibytes: number): string {
  return (kibibytes / 1024).toFixed(0)
}
