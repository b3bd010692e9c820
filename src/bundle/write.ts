import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { canonicalJson, sha256, sha256File } from '../files/hash.ts'
import { syncFolder, writeFileAtomic } from '../files/write.ts'
import { MANIFEST_FILE } from './layout.ts'
import { type BundleFile, type Manifest, parseManifest } from './manifest.ts'
import { pointTo } from './selection.ts'

/** What the maker of a bundle says about it; the rest of the manifest follows from the files and the clock. */
export type BundleFacts = Omit<Manifest, 'format' | 'version' | 'created' | 'files'>

export interface WriteBundleOptions {
  /** Unix milliseconds. */
  readonly now?: () => number
  /** False: the version is written, and CURRENT stays where it is. */
  readonly activate?: boolean
}

/**
 * Writes one version of a bundle below `root` (models/<name>) and points CURRENT at it. `fill` puts the files into an
 * empty directory and returns the facts; hashes, manifest and names are made here. What a reader can see is at every
 * moment the old state or the new one. Returns the version's directory.
 */
export async function writeBundle (
  root: string, fill: (dir: string) => Promise<BundleFacts>,
  { now = Date.now, activate = true }: WriteBundleOptions = {}
): Promise<{ dir: string, manifest: Manifest }> {
  const created = now()
  const partial = resolve(root, `.partial-${process.pid}-${created}`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  try {
    const facts = await fill(partial)
    const files = await hashFiles(partial)
    const digest = sha256(canonicalJson({ facts, files }))
    const version = `${stamp(created)}-${digest.slice(0, 8)}`
    const text = `${JSON.stringify({ format: 1, ...facts, version, created, files }, null, 2)}\n`
    // What this version would refuse to read is not written either.
    const manifest = parseManifest(text, join(partial, MANIFEST_FILE))
    await writeFileAtomic(join(partial, MANIFEST_FILE), text)

    const dir = resolve(root, version)
    await rename(partial, dir).catch((cause: unknown) => {
      throw new IsthmusError('artefact_invalid', 'this version of the bundle is there already', { cause, place: { file: dir } })
    })
    await syncFolder(resolve(root))
    if (activate) await pointTo(resolve(root), version)
    return { dir, manifest }
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/** 20260102T030405Z */
function stamp (milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '')
}

async function hashFiles (dir: string): Promise<BundleFile[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1)).sort()
  const files: BundleFile[] = []
  for (const path of paths) {
    const full = join(dir, path)
    await flush(full)
    files.push({ path, size: (await stat(full)).size, sha256: await sha256File(full) })
  }
  return files
}

async function flush (path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
