import { availableParallelism, cpus } from 'node:os'
import type { LoadedTf } from '../nn/tf.ts'
import { createModel } from '../train/model.ts'
import { openRun } from './train.ts'

/** What a trained system costs (LLM4CDSR section 4.6): its numbers, and the time to rank for everybody. */
export interface Efficiency {
  readonly backend: string
  readonly machine: string
  /** Numbers that training may move. */
  readonly parameters: number
  /** Users, each asked for in every domain. */
  readonly users: number
  readonly domains: number
  readonly seconds: number
}

const USERS_AT_ONCE = 128

/**
 * Times the scores of all items of every domain for all users, from their whole histories. The first batch goes twice:
 * a backend compiles and allocates on the way. Only a machine without other work gives a figure worth keeping.
 */
export async function measureEfficiency (
  dir: string, openTf: () => Promise<LoadedTf>, now = () => performance.now()
): Promise<Efficiency> {
  const run = await openRun(dir)
  const { tf, backend, close } = await openTf()
  const model = createModel(tf, run)
  try {
    const scorer = model.scorer()
    const users = [...run.dataset.users.keys()]
    const { domains } = run.dataset
    const rank = (some: readonly number[]): void => {
      for (const k of domains.keys()) scorer.score(some, 'test', k)
    }
    rank(users.slice(0, USERS_AT_ONCE))
    const started = now()
    for (let from = 0; from < users.length; from += USERS_AT_ONCE) rank(users.slice(from, from + USERS_AT_ONCE))
    return {
      backend,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores`,
      parameters: run.manifest.parameters as number, // Written by `train`.
      users: users.length,
      domains: domains.length,
      seconds: (now() - started) / 1000,
    }
  } finally {
    model.dispose()
    close()
  }
}
