import { setTimeout } from 'node:timers/promises'
import { selectionMark } from '../../bundle/selection.ts'
import { IsthmusError } from '../../errors.ts'
import type { ModelLife } from './life-cycle.ts'

export interface WatchOptions {
  readonly root: string
  readonly everyMs: number
  readonly life: Pick<ModelLife, 'follow'>
  /** The mark of what answers when the watch begins. */
  readonly mark: string
  readonly signal: AbortSignal
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * Looks at the selection again and again, by asking for the files: not every file system tells of changes. What is
 * written is followed when it has stayed the same for one look, so that ten moves in a second are one; what was refused
 * is tried again only when somebody writes it again. Ends with the signal.
 */
export async function watchSelection (options: WatchOptions): Promise<void> {
  const { root, everyMs, life, mark: first, signal, sleep = pause } = options
  let followed = first
  let last = followed
  while (!signal.aborted) {
    try {
      await sleep(everyMs, signal)
    } catch {
      // The end of waiting is the end of watching.
      return
    }
    const mark = await selectionMark(root)
    const settled = mark === last
    last = mark
    if (mark === followed || !settled) continue
    try {
      await life.follow()
      followed = mark
    } catch (error) {
      // The life cycle has told why. Whoever changes models right now writes the selection too: the next look sees it.
      if (!(error instanceof IsthmusError && error.code === 'reload_in_progress')) followed = mark
    }
  }
}

async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false })
}
