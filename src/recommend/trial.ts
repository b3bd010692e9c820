import { type ChildProcess, fork } from 'node:child_process'
import { errorOf, IsthmusError } from '../errors.ts'
import { compiled } from '../paths.ts'
import { lowerProcess } from '../priority.ts'
import type { EngineWorkerData } from './engine-protocol.ts'
import type { TrialReply } from './try-bundles.ts'

export interface TrialOptions {
  /** Milliseconds that one bundle may take; then the process is killed, since nothing stops an endless graph. */
  readonly withinMs?: number
  /** Makes the process: tests pass one that ends as told. */
  readonly start?: () => ChildProcess
}

/** Bundles tried in a process of their own, so that whatever they do to a process they do not do to this one. */
export interface Trials {
  /** Resolves where the engine can load the bundle; rejects with the fault, which is never a signal. One at a time. */
  run: (data: EngineWorkerData) => Promise<void>
  close: () => void
}

/** What the libraries of a bundle need of the environment; keys and addresses are none of its business. */
const PASSED = ['PATH', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'TMPDIR', 'TZ']

export function createTrials (options: TrialOptions = {}): Trials {
  const { withinMs = 120_000, start = startTrialProcess } = options
  let child: ChildProcess | undefined

  return {
    async run (data) {
      const process = child ??= start()
      let late = false
      const { fault } = await new Promise<TrialReply>((resolve, reject) => {
        const timer = setTimeout(() => {
          late = true
          process.kill('SIGKILL')
        }, withinMs)
        const end = (): void => {
          clearTimeout(timer)
          process.off('exit', onExit).off('error', onError).off('message', onReply)
        }
        const onReply = (reply: TrialReply): void => {
          end()
          resolve(reply)
        }
        const onExit = (status: number | null, signal: NodeJS.Signals | null): void => {
          end()
          child = undefined
          const how = late ? `had not loaded after ${withinMs} ms` : `ended the process that tried it (${signal ?? status})`
          reject(new IsthmusError('artefact_invalid', `the bundle ${how}`, { place: { file: data.bundle } }))
        }
        const onError = (cause: Error): void => {
          end()
          child = undefined
          reject(new IsthmusError('engine_unavailable', 'no process to try a bundle in', { cause }))
        }
        process.on('exit', onExit).on('error', onError).on('message', onReply)
        process.send(data)
      })
      if (fault !== null) throw errorOf(fault)
    },
    close () {
      child?.kill('SIGKILL')
      child = undefined
    },
  }
}

/** It comes after what answers. */
export function startTrialProcess (): ChildProcess {
  const env = Object.fromEntries(PASSED.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }))
  const child = fork(compiled('src/recommend/try-bundles.ts'), { env, execArgv: [], stdio: 'ignore' })
  // Not by the process itself: what Node does before its first line would be done at the priority of what answers.
  if (child.pid !== undefined) lowerProcess(child.pid)
  return child
}
