import { IsthmusError } from '../../errors.ts'

const WINDOW = 10
const FAILURES = 5
const PROBE_EVERY_MS = 1000

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Stops asking what keeps failing: nobody waits for a server that is known to be away. */
export interface Breaker {
  /** Fails at once while it is open, as `refuse` says; then one call a second is let through as a probe. */
  run: <T>(work: () => Promise<T>) => Promise<T>
  readonly state: BreakerState
}

/**
 * @param now monotonic milliseconds
 * @param refuse what a call fails with that is not let through; `store_unavailable` unless given
 */
export function createBreaker (
  now: () => number = () => performance.now(),
  refuse = () => new IsthmusError('store_unavailable', 'the shared store did not answer')
): Breaker {
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
        throw refuse()
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
