import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { IsthmusError } from '../errors.ts'

const CHUNK = 64 * 1024 * 1024

/** Reads a plain file of at most `most` bytes through one descriptor; links of any kind are refused. */
export async function readPlain (path: string, most: number): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    .catch((cause: unknown) => {
      if (errorCode(cause) === 'ENOENT') throw missing(path, cause)
      if (errorCode(cause) === 'ELOOP') throw escape(path, 'is a link', cause)
      throw new IsthmusError('artefact_invalid', `${path} cannot be read`, { cause, place: { file: path } })
    })
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.nlink > 1) throw escape(path, 'is no plain file')
    if (stats.size > most) throw mismatch(path)
    // Not from the pool: views of other element types need its offset to be theirs.
    const bytes = Buffer.allocUnsafeSlow(stats.size)
    let filled = 0
    while (filled < stats.size) {
      const { bytesRead } = await handle.read(bytes, filled, Math.min(CHUNK, stats.size - filled), filled)
      if (bytesRead === 0) throw mismatch(path)
      filled += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}

function errorCode (error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** An error for a file that is not there. */
export function missing (file: string, cause?: unknown): IsthmusError {
  return new IsthmusError('artefact_missing', `${file} is not there`, { cause, place: { file } })
}

/** An error for a file that is not what it was when it was named. */
export function mismatch (file: string): IsthmusError {
  return new IsthmusError('artefact_checksum_mismatch', `${file} is not the file that the manifest names`, { place: { file } })
}

/** An error for what leads, or may lead, elsewhere. */
export function escape (file: string, message: string, cause?: unknown): IsthmusError {
  return new IsthmusError('artefact_path_invalid', `${file} ${message}`, { cause, place: { file } })
}
