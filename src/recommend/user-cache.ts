/**
 * User vectors that were computed before, the ones used last. All are of one model, since every engine has a cache of
 * its own; `key` stands for the domain and the whole window, so that equal keys mean equal vectors as long as no item's
 * vector changes: whoever changes one calls `clear`.
 */
export interface UserCache {
  get: (key: string) => Float32Array | undefined
  put: (key: string, vector: Float32Array) => void
  clear: () => void
}

/** @param capacity vectors that are kept; 0: none */
export function createUserCache (capacity: number): UserCache {
  // A map keeps the order of insertion: the first key is the one that was used least recently.
  const vectors = new Map<string, Float32Array>()
  return {
    get (key) {
      const found = vectors.get(key)
      if (found === undefined) return undefined
      vectors.delete(key)
      vectors.set(key, found)
      return found
    },
    put (key, vector) {
      if (capacity === 0) return
      vectors.delete(key)
      // A copy: what it is cut from would stay in memory whole.
      vectors.set(key, vector.slice())
      if (vectors.size <= capacity) return
      const [oldest] = vectors.keys()
      vectors.delete(oldest!)
    },
    clear: () => vectors.clear(),
  }
}
