import { open, readdir, readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { IsthmusError } from '../errors.ts'
import { isNotFound, missing } from './hash.ts'
import type { NumberArray } from './write.ts'

const CHUNK_BYTES = 64 << 20

/**
 * The value in a JSON file, of a shape its caller has to check.
 * Throws `artefact_missing` where there is no file, `artefact_invalid` where it is no JSON.
 */
export async function readJson (path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => { throw missing(path, cause) })
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new IsthmusError('artefact_invalid', `${path} is not JSON`, { cause, place: { file: path } })
  }
}

/** The names in a folder; none where there is no such folder. */
export async function readNames (dir: string): Promise<string[]> {
  return await readdir(dir).catch((error: unknown): string[] => {
    if (isNotFound(error)) return []
    throw error
  })
}

/**
 * Little-endian float32 numbers. With `length`, a file of any other size is refused (`artefact_invalid`), so that a
 * cut file is never read as a smaller matrix.
 */
export async function readFloat32 (path: string, length?: number): Promise<Float32Array> {
  return readNumbers(path, length, 4, (count) => new Float32Array(count))
}

/** Little-endian int32 numbers; `length` as in `readFloat32`. */
export async function readInt32 (path: string, length?: number): Promise<Int32Array> {
  return readNumbers(path, length, 4, (count) => new Int32Array(count))
}

/** Little-endian uint32 numbers; `length` as in `readFloat32`. */
export async function readUint32 (path: string, length?: number): Promise<Uint32Array> {
  return readNumbers(path, length, 4, (count) => new Uint32Array(count))
}

/** Little-endian float64 numbers; `length` as in `readFloat32`. */
export async function readFloat64 (path: string, length?: number): Promise<Float64Array> {
  return readNumbers(path, length, 8, (count) => new Float64Array(count))
}

/** Reads in chunks: one read call takes at most 2 GiB, and embeddings of a large catalogue are more. */
async function readNumbers<A extends NumberArray> (
  path: string, length: number | undefined, width: 4 | 8, make: (count: number) => A
): Promise<A> {
  const file = await open(path, 'r').catch((cause: unknown) => { throw missing(path, cause) })
  try {
    const { size } = await file.stat()
    if (size % width !== 0 || (length !== undefined && size !== length * width)) {
      const wanted = length === undefined ? `a multiple of ${width}` : `${length * width}`
      throw new IsthmusError('artefact_invalid', `${path} has ${size} bytes, not ${wanted}`, { place: { file: path } })
    }
    const numbers = make(size / width)
    const bytes = Buffer.from(numbers.buffer)
    let done = 0
    while (done < size) {
      const { bytesRead } = await file.read(bytes, done, Math.min(CHUNK_BYTES, size - done), done)
      if (bytesRead === 0) throw new IsthmusError('artefact_invalid', `${path} ended early`, { place: { file: path } })
      done += bytesRead
    }
    if (endianness() === 'BE') width === 8 ? bytes.swap64() : bytes.swap32()
    return numbers
  } finally {
    await file.close()
  }
}
