import { constants, getPriority, setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Not the lowest: what has it still gets a tenth of a busy core, and comes to its end. */
const LOW = constants.priority.PRIORITY_BELOW_NORMAL
/** On Linux a priority is that of a thread, and 0 names the one that calls; elsewhere it is that of the process. */
const OF_THREADS = process.platform === 'linux'
const OWN = 0

/** Done by a thread that nothing depends on: where it may not raise its priority again, that thread has lost it. */
const TRY = `
const { getPriority, setPriority } = require('node:os')
const before = getPriority(0)
setPriority(0, before + 1)
setPriority(0, before)`

let raisable: Promise<boolean> | undefined

/**
 * Whether a thread of this process may lower its priority and raise it again: on Linux, with CAP_SYS_NICE or a
 * RLIMIT_NICE that reaches up to the priority of the process. Tried once.
 */
export async function canRaise (): Promise<boolean> {
  raisable ??= !OF_THREADS || getPriority() >= LOW
    ? Promise.resolve(false)
    : new Promise((resolve) => {
      new Worker(TRY, { eval: true }).once('error', () => resolve(false)).once('exit', (status) => resolve(status === 0))
    })
  return await raisable
}

/** Lets the calling thread, and those that it starts, come after all others; for good, unless `canRaise`. */
export function lowerThread (): void {
  if (OF_THREADS && getPriority(OWN) < LOW) setPriority(OWN, LOW)
}

/** Gives the calling thread the priority of the process. For threads that were lowered where `canRaise`. */
export function raiseThread (): void {
  if (OF_THREADS && getPriority(OWN) > getPriority(process.pid)) setPriority(OWN, getPriority(process.pid))
}

/** Lets a process that has just been started come after this one. */
export function lowerProcess (pid: number): void {
  if (getPriority() < LOW) setPriority(pid, LOW)
}
