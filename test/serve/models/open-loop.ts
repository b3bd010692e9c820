import { setTimeout } from 'node:timers/promises'

export interface Sent<T> {
  /** Answers, in the order in which they were asked for. */
  readonly answers: T[]
  /** Milliseconds from when a call was due. */
  readonly times: number[]
  /** What came instead of an answer: a status, or an error of the connection. */
  readonly failures: string[]
}

/**
 * Calls at a steady rate, whether or not answers come, until `task` is done. A call's time counts from when it was due,
 * so that a stall is seen by all the calls that it delays.
 */
export async function openLoop<T> (
  perSecond: number, call: (i: number) => Promise<T>, task: () => Promise<void>
): Promise<Sent<T>> {
  const sent: Sent<T> = { answers: [], times: [], failures: [] }
  const inWork: Array<Promise<void>> = []
  const end = new AbortController()
  const started = performance.now()
  const pace = (async () => {
    for (let i = 0; !end.signal.aborted; i++) {
      const due = started + i * 1000 / perSecond
      await setTimeout(Math.max(0, due - performance.now()))
      inWork.push(call(i).then((answer) => {
        sent.answers[i] = answer
        sent.times.push(performance.now() - due)
      }, (error: unknown) => { sent.failures.push(error instanceof Error ? error.message : String(error)) }))
    }
  })()
  try {
    await task()
  } finally {
    end.abort()
    await pace
    await Promise.all(inWork)
  }
  return { ...sent, answers: sent.answers.filter((answer) => answer !== undefined) }
}

export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN
}
