/** What became of one request, as its caller sees it. */
export type Fate = 'good' | 'degraded' | 'refused' | 'late' | 'failed'

export interface Flood {
  readonly seconds: number
  /** Requests that were due. */
  readonly offered: number
  readonly fates: Readonly<Record<Fate, number>>
  /** Milliseconds from when a request was sent to its answer: of good ones, and of refused ones. */
  readonly good: readonly number[]
  readonly refused: readonly number[]
  /** Milliseconds from when a request was due to when it was sent: the generator's own lateness. */
  readonly behind: readonly number[]
}

export interface OpenLoopOptions {
  readonly perSecond: number
  readonly seconds: number
  /** Sends one request and tells what came back; never late. Rejects where nothing did. */
  readonly send: () => Promise<Exclude<Fate, 'late' | 'failed'>>
  /** Milliseconds after which a good answer is of no use. */
  readonly deadlineMs: number
}

const TICK_MS = 2

/**
 * Requests at a steady rate, whether or not earlier ones were answered, as callers who do not know of each other send
 * them. A generator that falls behind sends what it owes at once; how late it was is told apart from what the service
 * took, and the seconds are those that it needed.
 */
export async function openLoop ({ perSecond, seconds, send, deadlineMs }: OpenLoopOptions): Promise<Flood> {
  const fates: Record<Fate, number> = { good: 0, degraded: 0, refused: 0, late: 0, failed: 0 }
  const good: number[] = []
  const refused: number[] = []
  const behind: number[] = []
  const pending: Array<Promise<void>> = []
  const from = performance.now()
  const total = Math.round(perSecond * seconds)
  let sent = 0

  const one = async (due: number): Promise<void> => {
    const start = performance.now()
    behind.push(start - due)
    try {
      const fate = await send()
      const ms = performance.now() - start
      const late = fate === 'good' && ms > deadlineMs
      fates[late ? 'late' : fate]++
      if (fate === 'good' && !late) good.push(ms)
      if (fate === 'refused') refused.push(ms)
    } catch {
      fates.failed++
    }
  }
  while (sent < total) {
    for (const now = performance.now() - from; sent < total && sent * 1000 / perSecond <= now; sent++) {
      pending.push(one(from + sent * 1000 / perSecond))
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  const took = Math.max(seconds, (performance.now() - from) / 1000)
  await Promise.all(pending)
  return { seconds: took, offered: total, fates, good, refused, behind }
}
