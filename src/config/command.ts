import { exitStatus, IsthmusError } from '../errors.ts'

export interface CommandOptions {
  /** Shown for `--help`. */
  readonly usage: string
  readonly args?: readonly string[]
}

/**
 * Runs the whole of a command: `main` gets a signal that Ctrl-C or a SIGTERM aborts, so that long work can stop where
 * it can go on later; a second one ends the process at once. An error we mean is one line on stderr, any other its
 * stack; the exit status is that of `exitStatus`.
 */
export async function runCommand (
  name: string, { usage, args = process.argv.slice(2) }: CommandOptions, main: (signal: AbortSignal) => Promise<void>
): Promise<void> {
  if (args.includes('--help')) {
    console.log(usage)
    return
  }
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(exitStatus(new IsthmusError('interrupted', 'stopped twice')))
    console.error(`${name}: stopping; once more to end at once`)
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await main(stop.signal)
  } catch (error) {
    console.error(error instanceof IsthmusError ? `${name}: ${error.code}: ${error.message}` : error)
    process.exitCode = exitStatus(error)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
