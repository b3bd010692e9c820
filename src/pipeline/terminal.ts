import { join } from 'node:path'
import { refuseSetting } from '../errors.ts'
import { contentCache, workRoot } from '../paths.ts'
import { startProgress } from '../progress.ts'
import type { ChainContext } from './chain.ts'

/** The parts of a chain's context that every command of a terminal gives alike. */
export function terminalContext (
  signal: AbortSignal
): Pick<ChainContext, 'cache' | 'env' | 'signal' | 'progress' | 'onBadRow' | 'say'> {
  return {
    cache: contentCache,
    env: process.env,
    signal,
    progress: (label, total, unit) => startProgress({ label, total, unit }),
    onBadRow: ({ file, line, reason }) => console.error(`left out: ${file}:${line}: ${reason}`),
    say: (line) => console.error(line),
  }
}

/** Where the studies of this data leave their work: one folder, so that they share what they train. */
export function studyFolder (data: string): string {
  return join(workRoot, 'work/results', data)
}

/** The deadline that `--hours` sets, from now; none without it. Throws `config_invalid`. */
export function hoursFromNow (hours: string | undefined): { readonly deadline?: AbortSignal } {
  if (hours === undefined) return {}
  const value = /^\d+(\.\d+)?$/.test(hours) ? Number(hours) : Number.NaN
  // A timer holds 2^31 milliseconds at most, some 596 hours.
  if (!(value > 0 && value <= 500)) refuseSetting('hours', 'is a number from above 0 to 500')
  return { deadline: AbortSignal.timeout(value * 3_600_000) }
}
