import { IsthmusError } from '../../errors.ts'

const WINDOW = 10
const FAILURES = 5
const PROBE_EVERY_MS = 1000

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Stops asking what keeps failing: nobody waits for a server that is known to be away. */
export interface Breaker {
  /** Fails with `store_unavailable`, at once, while it is open; then one call a second is let through as a probe. */
  run: <T>(work: () => Promise<T>) => Promise<T>
  readonly state: BreakerState
}

/** @param now monotonic milliseconds */
export function createBreaker (now: () => number = () => performance.now()): Breaker {
  let outcomes: boolean[] = []
  let state: BreakerState = 'closed'
  let probeAt = 0

  const settle = (ok: boolean): void => {
    if (state === 'closed') {
      outcomes = [...outcomes, ok].slice(-WINDOW)
      if (outcomes.filter((one) => !one).length < FAILURES) return
    }
    if (state !== 'closed' && ok) {
      state = 'closed'
      outcomes = []
      return
    }
    state = 'open'
    probeAt = now() + PROBE_EVERY_MS
  }

  return {
    get state () { return state },
    async run (work) {
      if (state === 'half-open' || (state === 'open' && now() < probeAt)) {
        throw new IsthmusError('store_unavailable', 'the shared store did not answer')
      }
      if (state === 'open') state = 'half-open'
      try {
        const result = await work()
        settle(true)
        return result
      } catch (error) {
        settle(false)
        throw error
      }
    },
  }
}
