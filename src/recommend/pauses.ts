import { setTimeout } from 'node:timers/promises'

/** Awaited between the parts of long work. */
export type Pause = () => Promise<void>

export interface PausesOptions {
  /** Milliseconds of rest for each that went by since the rest before; 2, unless given: a third of a core. */
  readonly share?: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
  readonly sleep?: (ms: number) => Promise<unknown>
}

/** Pauses that leave a core to others for most of the time, whatever priority the thread may have. */
export function createPauses (
  { share = 2, now = () => performance.now(), sleep = async (ms) => await setTimeout(ms) }: PausesOptions = {}
): Pause {
  let since = now()
  return async () => {
    await sleep(share * (now() - since))
    since = now()
  }
}
