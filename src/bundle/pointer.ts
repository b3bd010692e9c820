import { VERSION_PATTERN } from './layout.ts'
import { escape, readPlain } from './read-plain.ts'

/** The file of a bundle's root (models/<name>) that names the version to serve. */
export const CURRENT_FILE = 'CURRENT'

const MOST_POINTER_BYTES = 256
const VERSION = new RegExp(VERSION_PATTERN)

/** The version that a pointer file names. Fails with `artefact_missing` or `artefact_path_invalid`. */
export async function readPointer (file: string): Promise<string> {
  const version = (await readPlain(file, MOST_POINTER_BYTES)).toString('utf8').replace(/\n$/, '')
  if (!VERSION.test(version)) throw escape(file, 'does not name a version')
  return version
}
