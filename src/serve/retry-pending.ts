import { setTimeout } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Catalogue } from './catalogue.ts'

const SHORTEST_MS = 1000
const LONGEST_MS = 60_000

/** Embeds what could not be embedded when it was posted, while the service runs; the wait doubles on failure. */
export async function retryPending (
  catalogue: Pick<Catalogue, 'pending' | 'retryPending'>,
  log: Pick<FastifyBaseLogger, 'warn' | 'info'>,
  signal: AbortSignal,
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown> =
  async (ms, signal) => await setTimeout(ms, undefined, { signal, ref: false })
): Promise<void> {
  let wait = SHORTEST_MS
  while (!signal.aborted) {
    try {
      await sleep(wait, signal)
      if (catalogue.pending === 0) continue
      const left = await catalogue.retryPending(signal)
      log.info({ left }, 'pending items embedded')
      wait = SHORTEST_MS
    } catch (err) {
      if (signal.aborted) return
      wait = Math.min(LONGEST_MS, wait * 2)
      log.warn({ err, nextTryMs: wait }, 'pending items could not be embedded')
    }
  }
}
