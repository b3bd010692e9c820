/** Runs tasks that share a key one after another, in the order they came; others do not wait. */
export interface KeyedLock {
  /** Waits for all earlier tasks of any of these keys. Takes all keys at once: two tasks cannot block each other. */
  run: <T>(keys: readonly string[], task: () => Promise<T>) => Promise<T>
  /** Keys that a task runs for or waits for. */
  readonly size: number
}

export function createKeyedLock (): KeyedLock {
  const tails = new Map<string, Promise<unknown>>()
  return {
    get size () { return tails.size },
    async run (keys, task) {
      const distinct = [...new Set(keys)]
      const before = distinct.flatMap((key) => tails.get(key) ?? [])
      const done = Promise.allSettled(before).then(task)
      const tail = done.catch(() => {})
      for (const key of distinct) tails.set(key, tail)
      try {
        return await done
      } finally {
        for (const key of distinct) if (tails.get(key) === tail) tails.delete(key)
      }
    },
  }
}
