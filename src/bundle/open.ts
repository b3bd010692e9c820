import { createHash } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join, resolve } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { MANIFEST_FILE, MOST_MANIFEST_BYTES } from './layout.ts'
import type { BundleFile, Manifest } from './manifest.ts'
import { scanOnnx } from './onnx-scan.ts'
import { escape, mismatch, missing, readPlain } from './read-plain.ts'
import { CURRENT_FILE, readPointer } from './pointer.ts'

/** A verified bundle. What `read` returns was hashed in memory, so a file changed later is refused, never half used. */
export interface Bundle {
  readonly dir: string
  readonly manifest: Manifest
  readonly has: (path: string) => boolean
  read: (path: string) => Promise<Buffer>
  readText: (path: string) => Promise<string>
  /** Little-endian float32, exactly `length` of them. */
  readFloats: (path: string, length: number) => Promise<Float32Array>
}

export interface OpenBundleOptions {
  /** Of the version at that path, where another thread has read it: what the files are checked against. */
  readonly manifest?: Manifest
  /** `on-read`: a file is hashed when it is read and not before, where a loaded engine vouches for all of them. */
  readonly verify?: 'all' | 'on-read'
  /** Awaited after each file that is read and hashed. */
  readonly pause?: () => Promise<void>
}

/**
 * Opens a bundle: a version's directory, or a root (models/<name>) whose CURRENT names one. Every file is hashed.
 * Fails with `artefact_missing`, `artefact_invalid`, `artefact_checksum_mismatch` (size or hash),
 * `format_unsupported` or `artefact_path_invalid` (a name, link or special file that leads elsewhere); the place names
 * the file.
 */
export async function openBundle (
  pathOrRoot: string, { manifest: given, verify = 'all', pause }: OpenBundleOptions = {}
): Promise<Bundle> {
  const dir = await versionDir(resolve(pathOrRoot))
  const manifest = given ?? await readManifest(join(dir, MANIFEST_FILE))
  const listed = new Map(manifest.files.map((file) => [file.path, file]))
  await checkListing(dir, listed)

  const read = async (path: string): Promise<Buffer> => {
    const file = listed.get(path)
    if (file === undefined) throw missing(join(dir, path))
    const bytes = await readVerified(join(dir, path), file)
    await pause?.()
    if (path.endsWith('.onnx')) scanOnnx(bytes, join(dir, path))
    return bytes
  }
  if (verify === 'all') for (const path of listed.keys()) await read(path)

  return {
    dir,
    manifest,
    has: (path) => listed.has(path),
    read,
    readText: async (path) => (await read(path)).toString('utf8'),
    async readFloats (path, length) {
      const bytes = await read(path)
      if (bytes.length !== length * 4) {
        throw new IsthmusError('artefact_invalid', `${path} holds ${bytes.length / 4} numbers, not ${length}`,
          { place: { file: join(dir, path) } })
      }
      if (endianness() === 'BE') bytes.swap32()
      const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, length)
      if (allFinite(numbers)) return numbers
      throw new IsthmusError('artefact_invalid', `${path} holds what is no number`, { place: { file: join(dir, path) } })
    },
  }
}

async function readManifest (path: string): Promise<Manifest> {
  // Loaded late: the library of schemas takes a quarter of a second, which a thread that is given a manifest saves.
  const { parseManifest } = await import('./manifest.ts')
  return parseManifest((await readPlain(path, MOST_MANIFEST_BYTES)).toString('utf8'), path)
}

async function versionDir (path: string): Promise<string> {
  const stats = await lstat(path).catch((cause: unknown) => { throw missing(path, cause) })
  if (!stats.isDirectory()) throw escape(path, 'is not a directory')
  const names = await readdir(path)
  if (names.includes(MANIFEST_FILE)) return path
  const dir = join(path, await readPointer(join(path, CURRENT_FILE)))
  const found = await lstat(dir).catch((cause: unknown) => { throw missing(dir, cause) })
  if (!found.isDirectory()) throw escape(dir, 'is not a directory')
  return dir
}

/** The directory holds the files of the manifest and nothing else. */
async function checkListing (dir: string, listed: ReadonlyMap<string, BundleFile>): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const found = new Set<string>()
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name)
    const path = full.slice(dir.length + 1)
    if (entry.isDirectory() && path === 'audit') continue
    if (!entry.isFile()) throw escape(full, 'is no plain file')
    if (path !== MANIFEST_FILE && !listed.has(path)) {
      throw new IsthmusError('artefact_invalid', `${full} is not named by the manifest`, { place: { file: full } })
    }
    found.add(path)
  }
  for (const path of listed.keys()) if (!found.has(path)) throw missing(join(dir, path))
}

/** A loop: for the millions of numbers of a catalogue `every` takes seven times as long. */
function allFinite (numbers: Float32Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false
  return true
}

async function readVerified (path: string, { size, sha256 }: BundleFile): Promise<Buffer> {
  const bytes = await readPlain(path, size)
  if (bytes.length === size && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
  throw mismatch(path)
}
