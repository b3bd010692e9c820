import { IsthmusError } from '../../errors.ts'

/** Bytes that wait to be written, beyond which a write is refused with `store_overloaded`. */
const MAX_WAITING = 8 << 20
/** Bytes of one group: more would make its first writer wait for its last. */
const MAX_GROUP = 1 << 20
const TIMEOUT_MS = 2000

export interface WriterDeps {
  /** Runs `work` inside a transaction; resolves when it is on the disk. What `work` throws undoes all of it. */
  readonly transact: (work: () => void) => Promise<void>
  /** Called before a group of so many bytes is written; throws `store_full` where it would not fit. */
  readonly reserve: (bytes: number) => void
  readonly timeoutMs?: number
}

export interface Writer {
  /**
   * Runs `work` in the next transaction and resolves with its result once that is on the disk. Writes that arrive
   * while one is under way go together in the next, so the disk is flushed once a group, and nobody waits for a timer.
   * `work` decides before it writes: an IsthmusError it throws rejects this call alone.
   * @param bytes what `work` will write, roughly
   */
  write: <T>(work: () => T, bytes: number) => Promise<T>
  /** Waits for what was taken; refuses what comes later. */
  close: () => Promise<void>
}

interface Job {
  readonly bytes: number
  readonly run: () => void
  readonly settle: () => void
  readonly fail: (error: unknown) => void
}

/** Puts many small writes into few transactions, one at a time. */
export function createWriter ({ transact, reserve, timeoutMs = TIMEOUT_MS }: WriterDeps): Writer {
  const queue: Job[] = []
  let waiting = 0
  let closed = false
  let running: Promise<void> | undefined

  function takeGroup (): Job[] {
    let bytes = 0
    let count = 0
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= MAX_GROUP)) {
      bytes += queue[count]!.bytes
      count += 1
    }
    waiting -= bytes
    return queue.splice(0, count)
  }

  async function drain (): Promise<void> {
    // What comes in one turn of the event loop goes together from the start.
    await Promise.resolve()
    while (queue.length > 0) {
      const group = takeGroup()
      try {
        reserve(group.reduce((sum, { bytes }) => sum + bytes, 0))
        await transact(() => { for (const job of group) job.run() })
        for (const job of group) job.settle()
      } catch (error) {
        for (const job of group) job.fail(error)
      }
    }
    running = undefined
  }

  return {
    async write (work, bytes) {
      if (closed) throw new IsthmusError('store_unavailable', 'the store is closed')
      if (waiting + bytes > MAX_WAITING && queue.length > 0) {
        throw new IsthmusError('store_overloaded', 'too much waits to be written')
      }
      return await new Promise((resolve, reject) => {
        let settle = (): void => {}
        const job: Job = {
          bytes,
          run: () => {
            try {
              const result = work()
              settle = () => resolve(result)
            } catch (error) {
              if (!(error instanceof IsthmusError)) throw error
              settle = () => reject(error)
            }
          },
          settle: () => { clearTimeout(timer); settle() },
          fail: (error) => { clearTimeout(timer); reject(error) },
        }
        const timer = setTimeout(() => {
          const at = queue.indexOf(job)
          if (at >= 0) {
            queue.splice(at, 1)
            waiting -= bytes
          }
          reject(new IsthmusError('store_timeout', `not on the disk after ${timeoutMs} ms; it may be yet`))
        }, timeoutMs)
        queue.push(job)
        waiting += bytes
        running ??= drain()
      })
    },

    async close () {
      closed = true
      await running
    },
  }
}
