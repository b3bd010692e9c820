import { setTimeout as delay } from 'node:timers/promises'

export interface RetryOptions {
  /** Attempts after the first. */
  readonly retries: number
  /** Whether another attempt may help, and how many milliseconds the other side asked us to wait. */
  readonly verdict: (error: unknown) => { readonly again: boolean, readonly afterMs?: number }
  readonly signal?: AbortSignal
  /** Tests pass others of these two. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random?: () => number
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** Who asks for more than this is not going to answer this run. */
const LONGEST_ASKED_MS = 120_000

/**
 * Runs `call` until it succeeds, the verdict is no, or the attempts are used up; then its last error is thrown.
 * Waits what was asked for, else 0.5 s, 1 s, 2 s, ... up to 30 s, of which a random half is left out, so that those
 * who failed together do not come back together.
 */
export async function withRetries<T> (
  call: () => Promise<T>, { retries, verdict, signal, sleep = sleepFor, random = Math.random }: RetryOptions
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      signal?.throwIfAborted()
      const { again, afterMs } = verdict(error)
      if (!again || attempt >= retries || (afterMs ?? 0) > LONGEST_ASKED_MS) throw error
      const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)
      await sleep(afterMs ?? backoff * (0.5 + random() / 2), signal)
      signal?.throwIfAborted()
    }
  }
}

/** What `Retry-After` (seconds or a date) or `retry-after-ms` asks for, in milliseconds. */
export function retryAfterMs (headers: Headers | undefined, now = Date.now()): number | undefined {
  const milliseconds = headers?.get('retry-after-ms') ?? ''
  if (milliseconds.trim() !== '' && Number(milliseconds) >= 0) return Number(milliseconds)
  const text = headers?.get('retry-after')?.trim() ?? ''
  // Date.parse takes almost anything that begins like a number; a date of HTTP begins with the day's name.
  const asked = /^[A-Z]/i.test(text) ? Date.parse(text) - now : /^[\d.]+$/.test(text) ? Number(text) * 1000 : NaN
  return Number.isFinite(asked) ? Math.max(0, asked) : undefined
}

/** Ends early, and without an error of its own, when the signal aborts. */
async function sleepFor (ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {})
}
