import { IsthmusError } from '../errors.ts'
import type { StoredItem } from './stores.ts'
import { decodeRecord, encodeRecord } from './record.ts'

/**
 * One fact that has one latest value: an item (`item:<id>`), the model to serve under a name (`model:<name>`), a user's
 * erasure (`user:<userKey>`). Of two values of a key the one with the greater stamp is the latest, everywhere.
 */
export interface Register {
  readonly key: string
  readonly stamp: string
  /** A record. */
  readonly value: Buffer
}

export type RegisterKind = 'item' | 'model' | 'user'

export function registerKey (kind: RegisterKind, name: string): string {
  return `${kind}:${name}`
}

/** Undefined where the key is of a kind that this version does not know. */
export function parseKey (key: string): { kind: RegisterKind, name: string } | undefined {
  const at = key.indexOf(':')
  const kind = key.slice(0, at)
  const name = key.slice(at + 1)
  return kind === 'item' || kind === 'model' || kind === 'user' ? { kind, name } : undefined
}

/** What is known of an item: its latest form, unless it is deleted, and the domains that it is hidden in. */
export interface ItemFacts {
  readonly item?: StoredItem
  readonly hidden: readonly string[]
}

export function encodeItemFacts ({ item, hidden }: ItemFacts): Buffer {
  if (item === undefined) return encodeRecord({ hidden })
  const { embedding, ...rest } = item
  return encodeRecord({ hidden, item: rest }, embedding && bytesOf(embedding))
}

/** Throws `store_corrupt` for what `encodeItemFacts` did not make. */
export function decodeItemFacts (record: Buffer): ItemFacts {
  const { value, tail } = decodeRecord(record)
  // encodeRecord was given this, and its checksum holds.
  const { item, hidden } = value as ItemFacts
  if (item === undefined) return { hidden }
  return { hidden, item: tail.length === 0 ? item : { ...item, embedding: floatsOf(tail) } }
}

export function bytesOf (floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
}

export function floatsOf (bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes.length / Float32Array.BYTES_PER_ELEMENT)
  new Uint8Array(floats.buffer).set(bytes)
  return floats
}

/** Whether a register from elsewhere is one that this version can take: its checksum holds, it is what its key says. */
export function checkRegister ({ key, value }: Register): boolean {
  const { kind, name } = parseKey(key) ?? {}
  if (kind === undefined || name === undefined || name === '') return false
  try {
    if (kind === 'item') return isItemFacts(decodeItemFacts(value), name)
    const { value: body } = decodeRecord(value)
    return kind === 'user' || (isObject(body) && body.name === name && typeof body.version === 'string')
  } catch (error) {
    if (error instanceof IsthmusError || error instanceof SyntaxError || error instanceof TypeError) return false
    throw error
  }
}

function isItemFacts ({ hidden, item }: ItemFacts, itemId: string): boolean {
  if (!isTexts(hidden)) return false
  if (item === undefined) return true
  const { domain, version, ingestedAt, contentHash, embedderId, state, embedding } = item
  return item.itemId === itemId && [domain, contentHash, embedderId].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(version) && Number.isSafeInteger(ingestedAt) && (state === 'ready' || state === 'pending') &&
    [item.title, item.brand, item.description].every((text) => text === undefined || typeof text === 'string') &&
    [item.categories, item.features].every((texts) => texts === undefined || isTexts(texts)) &&
    (item.price === undefined || Number.isFinite(item.price)) && (embedding?.every(Number.isFinite) ?? true)
}

function isTexts (value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
