import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { compiled } from '../src/paths.ts'
import { onCores } from './cores.ts'

/** A process of a benchmark's own, that answers one question at a time. */
export interface Child<Q, A> {
  readonly pid: number
  ask: (question: Q) => Promise<A>
  stop: () => Promise<void>
}

/**
 * Starts a compiled module that calls `answerParent`, on some cores or all; fails where the process ends instead of
 * answering.
 */
export function startChild<Q, A> (
  module: string, args: readonly string[] = [], cores?: string, env: NodeJS.ProcessEnv = process.env
): Child<Q, A> {
  const [execPath, ...execArgv] = onCores(cores)
  const child: ChildProcess = fork(compiled(module), args, { serialization: 'advanced', execPath, execArgv, env })
  const gone = once(child, 'exit')
  return {
    pid: child.pid!,
    async ask (question) {
      const answered = once(child, 'message')
      child.send(question as object)
      const first = await Promise.race([answered, gone.then(() => undefined)])
      if (first === undefined) throw new Error(`${module} ended without an answer`)
      return first[0] as A
    },
    async stop () {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.disconnect()
      await gone
    },
  }
}

/** The child's side; the process ends when its parent lets go of it. */
export function answerParent<Q, A> (answer: (question: Q) => Promise<A>, close: () => Promise<void>): void {
  process.on('message', (question) => {
    answer(question as Q).then((answered) => process.send?.(answered), (error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  })
  process.once('disconnect', () => { close().finally(() => process.exit(0)) })
}
