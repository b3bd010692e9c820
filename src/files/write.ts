import { mkdir, open, rename, rm } from 'node:fs/promises'
import { endianness } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** Arrays of 4- or 8-byte numbers, which files hold little-endian. */
export type NumberArray = Float32Array | Int32Array | Uint32Array | Float64Array

const CHUNK_BYTES = 64 << 20

/**
 * Writes a file that is either the old one or the whole new one, also after a power cut: a temporary sibling, flushed,
 * renamed, and the folder flushed. Makes the folder where it is absent.
 */
export async function writeFileAtomic (path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`)
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** A value as every JSON file of a step holds it: the same text for the same value, so that hashes hold. */
export function jsonText (value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Writes numbers little-endian, without a header: row-major where they are a matrix. */
export async function writeNumbers (path: string, numbers: NumberArray): Promise<void> {
  await putNumbers(path, 'w', numbers)
}

/** The same, behind what the file holds. */
export async function appendNumbers (path: string, numbers: NumberArray): Promise<void> {
  await putNumbers(path, 'a', numbers)
}

async function putNumbers (path: string, flag: 'w' | 'a', numbers: NumberArray): Promise<void> {
  const file = await open(path, flag)
  try {
    for (let from = 0; from < numbers.byteLength; from += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, numbers.byteLength - from)
      await writeAll(file, littleEndian(numbers, from, bytes))
    }
  } finally {
    await file.close()
  }
}

/** Makes a folder's new names survive a power cut. */
export async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** `write` may take fewer bytes than it is given. */
async function writeAll (file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten
}

function littleEndian (numbers: NumberArray, from: number, bytes: number): Uint8Array {
  const view = Buffer.from(numbers.buffer, numbers.byteOffset + from, bytes)
  if (endianness() === 'LE') return view
  return numbers.BYTES_PER_ELEMENT === 8 ? Buffer.from(view).swap64() : Buffer.from(view).swap32()
}
