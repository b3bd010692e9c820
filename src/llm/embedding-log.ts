import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsthmusError } from '../errors.ts'

const KEY_BYTES = 32
const CHECK_BYTES = 4
const SUFFIX = '.rows'
const BLOCK_BYTES = 4 << 20

/** Rows of one width by a 32-byte key, on disk. */
export interface EmbeddingLog {
  readonly size: number
  has: (key: string) => boolean
  /** The row of a key (in hex) that is there; fails with `store_corrupt` where it no longer can be read. */
  read: (key: string) => Promise<Float32Array>
  /** Adds rows; when it resolves they are the file system's, and a killed process does not lose them. */
  append: (rows: ReadonlyArray<{ readonly key: string, readonly row: Float32Array }>) => Promise<void>
  close: () => Promise<void>
}

/**
 * Opens the rows in `dir`. Each process appends to a file of its own and reads those that were there when it opened,
 * so that any number of them may use one folder with no lock. A record is key, row and CRC-32; all have one size: a
 * record that a crash left torn, or that has rotted, is skipped and its text is embedded again.
 */
export async function openEmbeddingLog (dir: string, width: number): Promise<EmbeddingLog> {
  const recordBytes = KEY_BYTES + width * 4 + CHECK_BYTES
  const places = new Map<string, { readonly file: FileHandle, readonly at: number }>()
  const files: FileHandle[] = []
  let own: { readonly file: FileHandle, size: number } | undefined
  // Writes of one process follow each other; the caller of a failed one has its error.
  let last: Promise<void> = Promise.resolve()

  await mkdir(dir, { recursive: true })
  for (const name of (await readdir(dir)).filter((name) => name.endsWith(SUFFIX)).sort()) {
    const file = await open(join(dir, name), 'r')
    files.push(file)
    await scan(file, recordBytes, (key, at) => places.set(key, { file, at }))
  }

  return {
    get size () { return places.size },
    has: (key) => places.has(key),
    async read (key) {
      const place = places.get(key)
      const bytes = Buffer.allocUnsafe(width * 4)
      const { bytesRead } = place === undefined
        ? { bytesRead: 0 }
        : await place.file.read(bytes, 0, bytes.length, place.at + KEY_BYTES)
      if (bytesRead < bytes.length) {
        throw new IsthmusError('store_corrupt', 'the cache of embeddings changed under its reader', {
          place: { file: dir },
        })
      }
      return Float32Array.from({ length: width }, (_, i) => bytes.readFloatLE(i * 4))
    },
    append (rows) {
      const written = last.then(async () => {
        if (rows.length === 0) return
        if (own === undefined) {
          own = { file: await open(join(dir, `${randomUUID()}${SUFFIX}`), 'wx+'), size: 0 }
          files.push(own.file)
        }
        const { file, size } = own
        // By place, not at the end: what a failed write left there is written over by the next.
        await writeAll(file, Buffer.concat(rows.map(({ key, row }) => record(key, row))), size)
        for (const [i, { key }] of rows.entries()) places.set(key, { file, at: size + i * recordBytes })
        own.size += rows.length * recordBytes
      })
      last = written.catch(() => {})
      return written
    },
    async close () {
      await last
      places.clear()
      await Promise.all(files.map(async (file) => await file.close()))
    },
  }
}

function record (key: string, row: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_BYTES + row.length * 4 + CHECK_BYTES)
  bytes.write(key, 0, KEY_BYTES, 'hex')
  for (const [i, value] of row.entries()) bytes.writeFloatLE(value, KEY_BYTES + i * 4)
  const end = bytes.length - CHECK_BYTES
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end)
  return bytes
}

async function writeAll (file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

async function scan (file: FileHandle, recordBytes: number, found: (key: string, at: number) => void): Promise<void> {
  const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / recordBytes))
  const block = Buffer.allocUnsafe(perBlock * recordBytes)
  for (let at = 0; ; at += block.length) {
    const { bytesRead } = await file.read(block, 0, block.length, at)
    for (let i = 0; i + recordBytes <= bytesRead; i += recordBytes) {
      const end = i + recordBytes - CHECK_BYTES
      if (crc32(block.subarray(i, end)) !== block.readUInt32LE(end)) continue
      found(block.toString('hex', i, i + KEY_BYTES), at + i)
    }
    if (bytesRead < block.length) return
  }
}
