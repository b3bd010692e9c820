import { createHash, randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsthmusError } from '../errors.ts'

/** A record: mark, length of the content, key, content, CRC-32 of all before it. */
const MARK = Buffer.from('ILR1')
const KEY_BYTES = 32
const HEAD_BYTES = MARK.length + 4 + KEY_BYTES
const CHECK_BYTES = 4
/** A length beyond this is a rotten one. */
const MOST_BYTES = 16 << 20
const SUFFIX = '.log'
const BLOCK_BYTES = 4 << 20

/** What was paid for, by a 32-byte key, on disk: vectors and answers alike. */
export interface ContentLog {
  readonly size: number
  has: (key: string) => boolean
  /** The content of a key (in hex) that is there; fails with `store_corrupt` where it no longer can be read. */
  read: (key: string) => Promise<Buffer>
  /** Adds records; when it resolves they are the file system's, and a killed process does not lose them. */
  append: (records: ReadonlyArray<{ readonly key: string, readonly content: Uint8Array }>) => Promise<void>
  /** Takes in what other processes have added since. */
  refresh: () => Promise<void>
  close: () => Promise<void>
}

interface LogFile { readonly name: string, readonly file: FileHandle, readTo: number }

/**
 * Opens the records in `dir`. Each process appends to a file of its own and reads those of the others, so that any
 * number of them may use one folder with no lock. A record that a crash left torn, or that has rotted, is skipped, and
 * what it held is asked for again; those after it count.
 */
export async function openContentLog (dir: string): Promise<ContentLog> {
  const places = new Map<string, { readonly file: FileHandle, readonly at: number, readonly bytes: number }>()
  const files = new Map<string, LogFile>()
  let own: { readonly name: string, readonly file: FileHandle, size: number } | undefined
  // Writes of one process follow each other; the caller of a failed one has its error.
  let last: Promise<void> = Promise.resolve()

  const refresh = async (): Promise<void> => {
    for (const name of (await readdir(dir)).filter((name) => name.endsWith(SUFFIX) && name !== own?.name).sort()) {
      const log = files.get(name) ?? { name, file: await open(join(dir, name), 'r'), readTo: 0 }
      files.set(name, log)
      log.readTo = await scan(log.file, log.readTo, (key, at, bytes) => {
        if (!places.has(key)) places.set(key, { file: log.file, at, bytes })
      })
    }
  }
  await mkdir(dir, { recursive: true })
  await refresh()

  return {
    get size () { return places.size },
    has: (key) => places.has(key),
    refresh,
    async read (key) {
      const place = places.get(key)
      const content = Buffer.allocUnsafe(place?.bytes ?? 0)
      if (place === undefined || (await place.file.read(content, 0, place.bytes, place.at)).bytesRead < place.bytes) {
        throw new IsthmusError('store_corrupt', 'the content cache changed under its reader', { place: { file: dir } })
      }
      return content
    },
    append (records) {
      const written = last.then(async () => {
        if (records.length === 0) return
        if (own === undefined) {
          const name = `${randomUUID()}${SUFFIX}`
          own = { name, file: await open(join(dir, name), 'wx+'), size: 0 }
        }
        const { file, size } = own
        const bytes = records.map(({ key, content }) => recordOf(key, content))
        // By place, not at the end: what a failed write left there is written over by the next.
        await writeAll(file, Buffer.concat(bytes), size)
        for (const [i, { key, content }] of records.entries()) {
          places.set(key, { file, at: own.size + HEAD_BYTES, bytes: content.length })
          own.size += bytes[i]!.length
        }
      })
      last = written.catch(() => {})
      return written
    },
    async close () {
      await last
      places.clear()
      await Promise.all([...files.values(), ...own === undefined ? [] : [own]].map(({ file }) => file.close()))
    },
  }
}

/** The key of whatever `parts` decide. JSON keeps apart what a plain join would let run together. */
export function contentKey (parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** A folder's name that any file system takes, and that differs where `parts` differ; it begins with the first. */
export function contentFolder (parts: readonly [string, ...unknown[]]): string {
  return `${parts[0].replace(/[^A-Za-z0-9.]+/g, '-').slice(0, 64)}-${contentKey(parts).slice(0, 8)}`
}

function recordOf (key: string, content: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + content.length + CHECK_BYTES)
  MARK.copy(bytes)
  bytes.writeUInt32LE(content.length, MARK.length)
  bytes.write(key, MARK.length + 4, KEY_BYTES, 'hex')
  bytes.set(content, HEAD_BYTES)
  const end = bytes.length - CHECK_BYTES
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end)
  return bytes
}

async function writeAll (file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

type Found = (key: string, at: number, bytes: number) => void

/** Reports the whole records from `from` on; gives the place to go on from when the file has grown. */
async function scan (file: FileHandle, from: number, found: Found): Promise<number> {
  let rest: Buffer = Buffer.alloc(0)
  for (let at = from; ;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    const { bytesRead } = await file.read(block, 0, block.length, at + rest.length)
    rest = Buffer.concat([rest, block.subarray(0, bytesRead)])
    const ended = bytesRead === 0
    const used = scanBlock(rest, ended, (key, place, bytes) => found(key, at + place, bytes))
    at += used
    if (ended) return at
    rest = rest.subarray(used)
  }
}

/**
 * Reports the whole records in `bytes` and gives how many bytes are done with. What may be the beginning of a record is
 * not, unless nothing follows (`ended`) and a whole record comes after it: then it never was one.
 */
function scanBlock (bytes: Buffer, ended: boolean, found: Found): number {
  let open: number | undefined
  for (let at = 0; ;) {
    const mark = bytes.indexOf(MARK, at)
    if (mark === -1) return open ?? Math.max(at, bytes.length - MARK.length + 1)
    const length = mark + HEAD_BYTES <= bytes.length ? bytes.readUInt32LE(mark + MARK.length) : 0
    const end = mark + HEAD_BYTES + length
    if (length <= MOST_BYTES && end + CHECK_BYTES > bytes.length) {
      if (!ended) return mark
      open ??= mark
      at = mark + 1
    } else if (length > MOST_BYTES || crc32(bytes.subarray(mark, end)) !== bytes.readUInt32LE(end)) {
      at = mark + 1
    } else {
      found(bytes.toString('hex', mark + MARK.length + 4, mark + HEAD_BYTES), mark + HEAD_BYTES, length)
      open = undefined
      at = end + CHECK_BYTES
    }
  }
}
