import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { refuseSetting } from '../errors.ts'

/** What a key may do: ask; change items and histories; change models; read metrics. `admin` may do all of it. */
export const SCOPES = ['read', 'write', 'admin', 'metrics'] as const
export type Scope = typeof SCOPES[number]

/** A key as the service knows it: never the key itself. */
export interface ApiKey {
  readonly name: string
  /** None: the key is revoked. */
  readonly scopes: ReadonlySet<Scope>
  /** SHA-256 of the key; without salt or stretching, which a key of 256 random bits does not need. */
  readonly hash: Buffer
}

const REVOKED = 'revoked'
const ENTRY = /^([A-Za-z0-9._-]{1,64}):([a-z+]+):([0-9a-f]{64})$/
/** Of the empty key, which a broken script may well have hashed. */
const HASH_OF_NOTHING = createHash('sha256').digest('hex')

/**
 * Reads entries `name:scopes:sha256`, as `newKey` prints them, apart by white space; scopes are joined by `+`, or are
 * the one word `revoked`. `#` begins a comment. Fails with `config_invalid` and the number of the entry, never with
 * what it holds: it may be a key put there by mistake.
 */
export function parseKeys (text: string, field: string): ApiKey[] {
  const keys: ApiKey[] = []
  for (const [i, entry] of text.replace(/#.*$/gm, '').split(/\s+/).filter((part) => part !== '').entries()) {
    const [, name, words, hash] = ENTRY.exec(entry) ?? []
    const scopes = words === undefined ? undefined : toScopes(words)
    if (name === undefined || hash === undefined || scopes === undefined) {
      return refuseSetting(field, `has no entry name:scopes:sha256 at place ${i + 1}; npm run new-key makes one`)
    }
    if (hash === HASH_OF_NOTHING) return refuseSetting(field, `has the hash of an empty key at place ${i + 1}`)
    if (keys.some((key) => key.name === name || key.hash.toString('hex') === hash)) {
      return refuseSetting(field, `has a name or a key twice at place ${i + 1}`)
    }
    keys.push({ name, scopes, hash: Buffer.from(hash, 'hex') })
  }
  return keys
}

function toScopes (words: string): ReadonlySet<Scope> | undefined {
  if (words === REVOKED) return new Set()
  const scopes = words.split('+').map((word) => SCOPES.find((scope) => scope === word))
  return scopes.includes(undefined) ? undefined : new Set(scopes.filter((scope) => scope !== undefined))
}

/** The key that was presented. Looks at all of them, each in constant time, so that time tells nothing of any. */
export function findKey (keys: readonly ApiKey[], presented: string): ApiKey | undefined {
  const hash = createHash('sha256').update(presented).digest()
  let found: ApiKey | undefined
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key
  return found
}

export function mayUse ({ scopes }: ApiKey, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}

/** A new key, to be shown once, and the entry that lets the service know it. Fails with `config_invalid`. */
export function newKey (name: string, scopes: string): { key: string, entry: string } {
  const key = `isk_${randomBytes(32).toString('base64url')}`
  const entry = `${name}:${scopes.replaceAll(',', '+')}:${createHash('sha256').update(key).digest('hex')}`
  const [parsed] = parseKeys(entry, '--name or --scopes')
  return parsed === undefined ? refuseSetting('--name', 'is empty') : { key, entry }
}
