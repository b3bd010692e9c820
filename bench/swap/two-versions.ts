import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { openBundle } from '../../src/bundle/open.ts'
import { writeBundle } from '../../src/bundle/write.ts'

/** Writes a bundle twice below `root`, as two versions, the first of them current. Returns their names. */
export async function writeTwoVersions (bundle: string, root: string): Promise<[string, string]> {
  const { dir, manifest } = await openBundle(bundle)
  const { format: _f, version: _v, created: _c, files, ...facts } = manifest
  const write = async (created: number): Promise<string> => {
    const written = await writeBundle(root, async (into) => {
      for (const { path } of files) await cp(join(dir, path), join(into, path))
      return facts
    }, { now: () => created })
    return written.manifest.version
  }
  // The newest is current, and a version's name has its second in it.
  const now = Date.now()
  const older = await write(now - 1000)
  return [await write(now), older]
}
