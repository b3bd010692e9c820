import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { IsthmusError } from '../errors.ts'

/** sha256 of a text (as UTF-8) or of bytes, in lower-case hex. */
export function sha256 (data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** sha256 of a file's bytes, in hex, read as a stream. Throws `artefact_missing` where there is no such file. */
export async function sha256File (path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (cause) {
    throw missing(path, cause)
  }
  return hash.digest('hex')
}

/** The same value gives the same text, whatever the order of its keys; `undefined` members are left out. */
export function canonicalJson (value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Turns "no such file" into the coded error; gives back any other error as it is. */
export function missing (path: string, cause: unknown): unknown {
  if (!isNotFound(cause)) return cause
  return new IsthmusError('artefact_missing', `${path} does not exist`, { cause, place: { file: path } })
}

/** Whether the system says that there is no such file or folder. */
export function isNotFound (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
