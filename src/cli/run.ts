import { exitStatus, IsthmusError } from '../errors.ts'
import type { Command } from './command.ts'
import { ERROR_GUIDE } from './error-guide.ts'
import { commandHelp } from './help.ts'
import { parseCommand } from './parse.ts'
import type { Arguments } from './parse.ts'

/** npm passes a terminal's Ctrl-C on to us, who have it already: two signals within this many milliseconds are one. */
const SAME_KEYPRESS_MS = 1000

/** What a command comes to: for people, and for `--json`. */
export interface Outcome {
  readonly says: string
  /** Absent: the command has nothing for programs. */
  readonly result?: object
  /** Where it is not 0 although nothing was thrown. */
  readonly exitCode?: number
}

export interface Call<C extends Command> extends Arguments<C> {
  /** Aborted by Ctrl-C or SIGTERM, so that long work can stop where it can go on later. */
  readonly signal: AbortSignal
}

export interface RunOptions {
  readonly args?: readonly string[]
  /** The command lives on after `main`, ends by its own handlers, and an error of its start ends it at once. */
  readonly livesOn?: boolean
}

/**
 * Runs the whole of a command: help, flags, work, result. A second signal ends the process at once, by the signal
 * itself, because leaving in an orderly way aborts in native threads that still compute. An error we mean is a line on
 * stderr and one that says what to do next, any other its stack; with `--json` stdout has it too. The exit status is
 * that of `exitStatus`.
 */
export async function runCommand<C extends Command> (
  command: C, main: (call: Call<C>) => Promise<Outcome | void>,
  { args = process.argv.slice(2), livesOn = false }: RunOptions = {}
): Promise<void> {
  if (args.includes('--help')) {
    console.log(commandHelp(command))
    return
  }
  const asJson = command.json !== undefined && args.includes('--json')
  const { signal, release } = livesOn ? deafToSignals() : listenForSignals(command.name)
  try {
    const outcome = await main({ ...parseCommand(command, args), signal })
    if (outcome === undefined) return
    console.log(asJson && outcome.result !== undefined ? JSON.stringify(outcome.result, undefined, 2) : outcome.says)
    process.exitCode = outcome.exitCode ?? process.exitCode
  } catch (error) {
    tell(command.name, error, asJson)
    process.exitCode = exitStatus(error)
    // Threads and timers of what had begun to live would hold the process.
    if (livesOn) process.exit()
  } finally {
    release()
  }
}

function tell (name: string, error: unknown, asJson: boolean): void {
  if (!(error instanceof IsthmusError)) {
    console.error(error)
    if (asJson) console.log(JSON.stringify({ error: { code: 'internal', message: String(error) } }))
    return
  }
  const { code, message, place } = error
  const next = code === 'config_invalid' ? `isthmus ${name} --help lists what it takes` : ERROR_GUIDE[code].todo
  console.error(`${name}: ${code}: ${message}\n  next: ${next}`)
  if (asJson) console.log(JSON.stringify({ error: { code, message, ...place, next } }))
}

interface Listening {
  readonly signal: AbortSignal
  readonly release: () => void
}

function deafToSignals (): Listening {
  return { signal: new AbortController().signal, release () {} }
}

function listenForSignals (name: string): Listening {
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
  return { signal: stop.signal, release }
}
