import { Worker } from 'node:worker_threads'
import { errorOf, IsthmusError } from '../errors.ts'
import { compiled } from '../paths.ts'
import type { TextReply, TextRequest } from './text-protocol.ts'

/** A text worker that has loaded its model. */
export interface TextThread {
  readonly embedder: string
  readonly width: number
  readonly post: (request: TextRequest) => void
  readonly stop: () => Promise<void>
}

export interface TextThreadListeners {
  readonly onReply: (reply: TextReply) => void
  /** After `ready`: the thread has gone without being told to. */
  readonly onDeath: (cause: unknown) => void
}

/** Resolves when the worker has loaded its model, and rejects with its reason where it cannot. */
export async function startTextThread ({ onReply, onDeath }: TextThreadListeners): Promise<TextThread> {
  const worker = new Worker(compiled('src/encode/text-worker.ts'))
  const post = (request: TextRequest): void => worker.postMessage(request)
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let cause: unknown
  let stopping = false
  let ready = false

  return await new Promise<TextThread>((resolve, reject) => {
    worker.on('message', (reply: TextReply) => {
      if (reply.kind === 'refused') return reject(errorOf(reply.fault))
      if (reply.kind !== 'ready') return onReply(reply)
      ready = true
      resolve({
        embedder: reply.embedder,
        width: reply.width,
        post,
        async stop () {
          stopping = true
          post({ kind: 'close' })
          await gone
        },
      })
    })
    worker.on('error', (error) => { cause = error })
    worker.once('exit', () => {
      if (!ready) reject(new IsthmusError('embedder_failed', 'the text worker ended before it was ready', { cause }))
      else if (!stopping) onDeath(cause)
    })
  })
}
