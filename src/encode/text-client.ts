import { errorOf, IsthmusError } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import type { TextThread } from './text-thread.ts'
import { startTextThread } from './text-thread.ts'

export interface TextClientOptions {
  /** Texts that may wait for the worker; what comes beyond is refused with `overloaded`. */
  readonly maxWaiting?: number
  /** Makes the thread: tests pass one that does as told. */
  readonly startThread?: typeof startTextThread
}

interface Job {
  readonly id: number
  readonly texts: readonly string[]
  readonly onProgress: ((done: number) => void) | undefined
  readonly resolve: (rows: Float32Array) => void
  readonly reject: (error: unknown) => void
}

/**
 * The local embedder in a worker thread of its own, for threads that must not block: jobs in the order asked, one at a
 * time. A call may be given up by its signal at any moment. A worker that dies fails the job it was at with
 * `embedder_failed`, and the next job starts another. `close` lets the jobs asked for finish; later calls fail with
 * `shutting_down`. Fails like `localEmbedder` where that cannot load.
 */
export async function textClient (
  { maxWaiting = 1_024, startThread = startTextThread }: TextClientOptions = {}
): Promise<TextEmbedder> {
  const waiting: Job[] = []
  let active: Job | undefined
  let nextId = 0
  let closed: Promise<void> | undefined
  let drained: (() => void) | undefined

  const start = (): Promise<TextThread> => startThread({
    onReply (reply) {
      if (!('id' in reply) || reply.id !== active?.id) return
      if (reply.kind === 'progress') return active.onProgress?.(reply.done)
      if (reply.kind === 'rows') active.resolve(reply.rows)
      else active.reject(errorOf(reply.fault))
      finish()
    },
    onDeath (cause) {
      running = undefined
      active?.reject(new IsthmusError('embedder_failed', 'the text worker died', { cause }))
      finish()
    },
  })
  let running: Promise<TextThread> | undefined = start()
  const { embedder, width } = await running

  const finish = (): void => {
    active = undefined
    pump()
  }
  const pump = (): void => {
    if (active !== undefined) return
    active = waiting.shift()
    if (active === undefined) return drained?.()
    const { id, texts, onProgress } = active
    running ??= start()
    running.then(({ post }) => post({ kind: 'embed', id, texts, progress: onProgress !== undefined }), (error) => {
      running = undefined
      active?.reject(error)
      finish()
    })
  }
  /** Takes a job out of the queue, or tells the worker to stop at it; its slot is free when the worker has answered. */
  const giveUp = (job: Job, reason: unknown): void => {
    job.reject(reason)
    const place = waiting.indexOf(job)
    if (place >= 0) waiting.splice(place, 1)
    else if (active === job) running?.then(({ post }) => post({ kind: 'cancel', id: job.id }), () => {})
  }

  return {
    id: embedder,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      if (closed !== undefined) throw new IsthmusError('shutting_down', 'the text embedder is closing')
      if (texts.length === 0) return new Float32Array(0)
      const ahead = waiting.reduce((sum, job) => sum + job.texts.length, 0)
      if (active !== undefined && ahead + texts.length > maxWaiting) {
        throw new IsthmusError('overloaded', `${ahead} texts wait for the embedder already`)
      }
      let onAbort: (() => void) | undefined
      const rows = new Promise<Float32Array>((resolve, reject) => {
        const job: Job = { id: nextId++, texts, onProgress, resolve, reject }
        onAbort = () => giveUp(job, signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
        waiting.push(job)
        pump()
      })
      return await rows.finally(() => { if (onAbort) signal?.removeEventListener('abort', onAbort) })
    },
    close () {
      closed ??= (async () => {
        if (active !== undefined) await new Promise<void>((resolve) => { drained = resolve })
        await (await running)?.stop()
      })()
      return closed
    },
  }
}
