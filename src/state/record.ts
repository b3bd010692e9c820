import { crc32 } from 'node:zlib'
import { IsthmusError } from '../errors.ts'

/** Checksum and length of the JSON, little-endian. */
const HEADER = 8

/**
 * A record on disk: crc32 of what follows (4 bytes), length of the JSON (4 bytes), the JSON, and raw bytes after it.
 * lmdb has no checksums of its own; with this one a damaged record is found when it is read.
 */
export function encodeRecord (value: unknown, tail: Uint8Array = new Uint8Array(0)): Buffer {
  const json = JSON.stringify(value)
  const length = Buffer.byteLength(json)
  const record = Buffer.allocUnsafe(HEADER + length + tail.length)
  record.writeUInt32LE(length, 4)
  record.write(json, HEADER)
  record.set(tail, HEADER + length)
  record.writeUInt32LE(crc32(record.subarray(4)), 0)
  return record
}

/** What `encodeRecord` was given. Throws `store_corrupt` for bytes it did not make. */
export function decodeRecord (record: Buffer): { value: unknown, tail: Buffer } {
  if (record.length < HEADER || record.readUInt32LE(0) !== crc32(record.subarray(4))) {
    throw new IsthmusError('store_corrupt', 'a record of the store is damaged')
  }
  const end = HEADER + record.readUInt32LE(4)
  return { value: JSON.parse(record.toString('utf8', HEADER, end)) as unknown, tail: record.subarray(end) }
}
