import { createHash } from 'node:crypto'
import { refuseSetting } from '../../errors.ts'

/** Hashes that registers are spread over: in a cluster they lie on all nodes. */
const BUCKETS = 64

/**
 * The names of everything one model family keeps in Redis. What one script touches shares a hash tag, so that it lies
 * on one node of a cluster; users and buckets of registers have a tag each.
 */
export interface RedisKeys {
  readonly user: (key: string) => string
  /** Matches every user's key. */
  readonly userPattern: string
  /** Undefined where it is no user's key. */
  readonly userOf: (name: string) => string | undefined
  readonly registers: (key: string) => string
  readonly buckets: readonly string[]
  readonly stream: string
  readonly log: string
}

export function redisKeys (namespace: string): RedisKeys {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(namespace)) refuseSetting('REDIS_NAMESPACE', 'is 1 to 64 of A-Z a-z 0-9 . _ -')
  const root = `isthmus:${namespace}`
  const userRoot = `${root}:user:{`
  const bucket = (i: number): string => `${root}:registers:{${namespace}.r${i}}`
  return {
    user: (key) => `${userRoot}${key}}`,
    userPattern: `${userRoot}*}`,
    userOf: (name) => /^[0-9a-f]{64}(?=}$)/.exec(name.slice(userRoot.length))?.[0],
    registers: (key) => bucket(createHash('sha256').update(key).digest()[0]! % BUCKETS),
    buckets: Array.from({ length: BUCKETS }, (_, i) => bucket(i)),
    stream: `${root}:{${namespace}.log}:changes`,
    log: `${root}:{${namespace}.log}:count`,
  }
}
