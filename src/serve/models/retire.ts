import { setTimeout } from 'node:timers/promises'
import type { ModelPool } from '../../recommend/model-pool.ts'
import type { LoadedModel } from './open-model.ts'

/** An answer takes less; what takes longer meets a closed engine, and says so. */
const LONGEST_MS = 10_000

/** Closes a model that has no share any more, once its last answer is given. */
export async function retire (
  pool: Pick<ModelPool<LoadedModel>, 'idle'>, model: LoadedModel, longestMs = LONGEST_MS
): Promise<void> {
  const stop = new AbortController()
  const late = setTimeout(longestMs, undefined, { signal: stop.signal, ref: false }).catch(() => {})
  await Promise.race([pool.idle(model), late])
  stop.abort()
  await model.close()
}
