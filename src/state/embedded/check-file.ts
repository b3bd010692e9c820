import { closeSync, fstatSync, openSync, readSync, truncateSync } from 'node:fs'
import { IsthmusError } from '../../errors.ts'
import { isNotFound } from '../../files/hash.ts'

/** Of the two descriptions of the database, each at the start of a page. */
const META_BYTES = 160
const MAGIC = 0xbeefc0de
const VERSION = 2
const AT = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const
/** Of a file's pages; what a sound one lacks are the few that one transaction freed. */
const LEAST_SHARE = 0.5

/**
 * Looks at an lmdb file before lmdb maps it: with a file of another kind, or one that was cut, lmdb does not fail but
 * ends the process with a signal. Throws `store_corrupt`. No file, or an empty one, is a new store. The caller holds
 * the store's lock.
 * Returns true where pages at the end are absent: lmdb leaves out pages that it freed before it wrote them, so they may
 * be unused, or lost; the file is made as long as it should be, and the records tell.
 */
export function checkFile (path: string): boolean {
  const file = openIfThere(path)
  if (file === undefined) return false
  try {
    const info = fstatSync(file)
    if (!info.isFile()) throw corrupt(path)
    if (info.size === 0) return false
    const first = readMeta(file, 0)
    const second = first && readMeta(file, first.pageSize)
    if (first === undefined || second === undefined) throw corrupt(path)
    const { lastPage, pageSize } = first.transaction > second.transaction ? first : second
    const wanted = (lastPage + 1) * pageSize
    if (info.size >= wanted) return false
    // Half a page is none that lmdb left out: somebody cut the file.
    if (info.size < wanted * LEAST_SHARE || info.size % pageSize !== 0) throw corrupt(path)
    truncateSync(path, wanted)
    return true
  } finally {
    closeSync(file)
  }
}

interface Meta { readonly pageSize: number, readonly lastPage: number, readonly transaction: bigint }

function readMeta (file: number, at: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES)
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined
  const pageSize = bytes.readUInt32LE(AT.pageSize)
  const valid = bytes.readUInt32LE(AT.magic) === MAGIC && bytes.readUInt32LE(AT.version) === VERSION &&
    pageSize >= 256 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0
  if (!valid) return undefined
  return {
    pageSize,
    lastPage: Number(bytes.readBigUInt64LE(AT.lastPage)),
    transaction: bytes.readBigUInt64LE(AT.transaction),
  }
}

function openIfThere (path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function corrupt (path: string): IsthmusError {
  return new IsthmusError('store_corrupt', `${path} is not a store`, { place: { file: path } })
}
