/** Gives what work of that key came to, and does it only where nobody did before. */
export type Memo = <T>(key: string, work: () => Promise<T>) => Promise<T>

/**
 * For steps that repeat each other's long work, such as equal clusters under other settings of what comes after. It
 * holds what it was given as long as it lives; work that failed is done again. A key has to name everything that
 * decides the outcome, its type too.
 */
export function createMemo (): Memo {
  const known = new Map<string, Promise<unknown>>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    // A key's outcome has the type of its work: see above.
    const before = known.get(key) as Promise<T> | undefined
    if (before !== undefined) return await before
    const now = work()
    known.set(key, now)
    return await now.catch((error: unknown) => {
      known.delete(key)
      throw error
    })
  }
}

/** Remembers nothing. */
export const noMemo: Memo = async (_key, work) => await work()
