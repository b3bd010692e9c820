import { exitStatus, IsthmusError } from '../errors.ts'

/** npm passes a terminal's Ctrl-C on to us, who have it already: two signals within this many milliseconds are one. */
const SAME_KEYPRESS_MS = 1000

export interface CommandOptions {
  /** Shown for `--help`. */
  readonly usage: string
  readonly args?: readonly string[]
}

/**
 * Runs the whole of a command: `main` gets a signal that Ctrl-C or a SIGTERM aborts, so that long work can stop where
 * it can go on later; a second one ends the process at once, by the signal itself, because leaving in an orderly way
 * aborts in native threads that still compute. An error we mean is one line on stderr, any other its stack; the exit
 * status is that of `exitStatus`.
 */
export async function runCommand (
  name: string, { usage, args = process.argv.slice(2) }: CommandOptions, main: (signal: AbortSignal) => Promise<void>
): Promise<void> {
  if (args.includes('--help')) {
    console.log(usage)
    return
  }
  const stop = new AbortController()
  let stoppedAt = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now()
      console.error(`${name}: stopping; once more to end at once`)
      stop.abort()
    } else if (performance.now() - stoppedAt > SAME_KEYPRESS_MS) {
      release()
      process.kill(process.pid, signal)
    }
  }
  const release = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await main(stop.signal)
  } catch (error) {
    console.error(error instanceof IsthmusError ? `${name}: ${error.code}: ${error.message}` : error)
    process.exitCode = exitStatus(error)
  } finally {
    release()
  }
}
