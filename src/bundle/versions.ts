import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { MANIFEST_FILE, MOST_MANIFEST_BYTES, VERSION_PATTERN } from './layout.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import { readPlain } from './read-plain.ts'

/** A version on the disk; without a manifest where that cannot be read. Nothing else of it has been looked at. */
export interface VersionOnDisk {
  readonly version: string
  readonly manifest?: Manifest
}

const VERSION = new RegExp(VERSION_PATTERN)

/** The versions below a bundle's root, the newest first. */
export async function listVersions (root: string): Promise<VersionOnDisk[]> {
  const names = (await readdir(root)).filter((name) => VERSION.test(name)).sort().reverse()
  return await Promise.all(names.map(async (version) => {
    try {
      const file = join(root, version, MANIFEST_FILE)
      return { version, manifest: parseManifest((await readPlain(file, MOST_MANIFEST_BYTES)).toString('utf8'), file) }
    } catch (error) {
      // A list shows what is wrong; who activates the version is told what.
      if (error instanceof IsthmusError) return { version }
      throw error
    }
  }))
}
