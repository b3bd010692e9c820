export interface Loop {
  /** Does not wait for the rest of the pause. */
  wake: () => void
  /** Resolves when the turn under way is done; there is none after it. */
  stop: () => Promise<void>
}

/**
 * Runs `turn` again and again, with a pause of as many milliseconds as it returns; after a failure the pause doubles,
 * from 50 ms to a second. `turn` tells of its own failures.
 */
export function startLoop (turn: () => Promise<number>): Loop {
  const stopping = new AbortController()
  let woken = false
  let interrupt = (): void => {}

  const pause = async (ms: number): Promise<void> => {
    if (woken || stopping.signal.aborted || ms === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  const run = async (): Promise<void> => {
    let failures = 0
    while (!stopping.signal.aborted) {
      woken = false
      try {
        await pause(await turn())
        failures = 0
      } catch {
        // A wake must not turn a server that is away into a busy loop.
        woken = false
        await pause(Math.min(1000, 50 * 2 ** failures++))
      }
    }
  }
  const done = run()
  return {
    wake () {
      woken = true
      interrupt()
    },
    async stop () {
      stopping.abort()
      interrupt()
      await done
    },
  }
}
