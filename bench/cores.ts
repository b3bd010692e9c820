import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/** Which cores what is measured has, and which its load comes from; neither where they cannot be told apart. */
export interface Cores { readonly service?: string, readonly load?: string }

/**
 * The last core for the generator of the load and the others for the service, so that neither takes from the other as
 * the load grows. All cores for both where there is one, or no taskset (Linux).
 */
export function apartCores (count: number = availableParallelism(), hasTaskset: boolean = findsTaskset()): Cores {
  return count < 2 || !hasTaskset ? {} : { service: `0-${count - 2}`, load: String(count - 1) }
}

/** How to start Node on some cores: a command and its first arguments. */
export function onCores (cores: string | undefined): [command: string, ...args: string[]] {
  return cores === undefined ? [process.execPath] : ['taskset', '--cpu-list', cores, process.execPath]
}

const TICKS_PER_SECOND = 100

/** Seconds of CPU time of all threads of a process so far, where the system tells (Linux); else NaN. */
export async function cpuSeconds (pid: number): Promise<number> {
  try {
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    // No such system: figures of CPU time are then left out.
    return NaN
  }
}

function findsTaskset (): boolean {
  return spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0
}
