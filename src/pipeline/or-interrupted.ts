import { IsthmusError } from '../errors.ts'

/**
 * Gives what `run` gives. Where that fails once `signal` is aborted it throws `interrupted`, which says that `doing`
 * was stopped; whatever was answered until then is kept, and the same call goes on from there.
 */
export async function orInterrupted<T> (
  doing: string, signal: AbortSignal | undefined, run: () => Promise<T>
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new IsthmusError('interrupted', `${doing} was stopped; the same call goes on from here`, { cause: error })
  }
}
