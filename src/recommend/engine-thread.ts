import { Worker } from 'node:worker_threads'
import { errorOf, IsthmusError } from '../errors.ts'
import { compiled } from '../paths.ts'
import type {
  EngineCall, EngineFacts, EngineReply, EngineRequest, EngineWorkerData
} from './engine-protocol.ts'

export type EngineAnswers = Extract<EngineReply, { kind: 'answers' }>

/** An engine worker that has loaded its bundle. */
export interface EngineThread extends EngineFacts {
  /** The version that was loaded, also where CURRENT has moved on since. */
  readonly dir: string
  readonly post: (calls: readonly EngineCall[]) => void
  /** Gives it the priority of the process, where it was `lowered`. */
  readonly promote: () => void
  /** Lets the calls sent before finish. */
  readonly stop: () => Promise<void>
}

export interface EngineThreadListeners {
  readonly onAnswers: (answers: EngineAnswers) => void
  readonly onLog: (message: string) => void
  /** The thread has gone without being told to, after it was ready. */
  readonly onDeath: (cause: unknown) => void
}

/** Resolves when the bundle is loaded and checked, and rejects with the worker's reason where it cannot be. */
export async function startEngineThread (
  data: EngineWorkerData, { onAnswers, onLog, onDeath }: EngineThreadListeners
): Promise<EngineThread> {
  const worker = new Worker(compiled('src/recommend/engine-worker.ts'), { workerData: data })
  const post = (request: EngineRequest): void => worker.postMessage(request)
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let cause: unknown
  let stopping = false
  let ready = false

  return await new Promise<EngineThread>((resolve, reject) => {
    worker.on('message', (reply: EngineReply) => {
      if (reply.kind === 'refused') return reject(errorOf(reply.fault))
      if (reply.kind === 'log') return onLog(reply.message)
      if (reply.kind === 'answers') return onAnswers(reply)
      ready = true
      const { kind: _, ...facts } = reply
      resolve({
        ...facts,
        post: (calls) => post({ kind: 'calls', calls }),
        promote: () => post({ kind: 'promote' }),
        async stop () {
          stopping = true
          // Asked, not terminated: a thread that is cut off inside ONNX Runtime takes the process with it.
          post({ kind: 'close' })
          await gone
        },
      })
    })
    worker.on('error', (error) => { cause = error })
    worker.once('exit', () => {
      if (!ready) {
        reject(new IsthmusError('engine_unavailable', 'the engine worker ended before it was ready', { cause }))
      } else if (!stopping) onDeath(cause)
    })
  })
}
