import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { IsthmusError } from '../../errors.ts'
import { sha256File } from '../../files/hash.ts'
import { syncFolder, writeFileAtomic } from '../../files/write.ts'
import { STORE_FILE } from './environment.ts'

export const SEAL_FILE = 'store.seal'
/** A larger store is not sealed: reading it whole would hold up every start and every end for seconds. */
const MOST_BYTES = 4 * 2 ** 30
const FORM = /^sha256 ([0-9a-f]{64})\n$/

/**
 * lmdb has no checksum of a page, so that a flipped bit may hide what was written: the digest of a store that was
 * closed lies beside it. A process that is killed leaves none, and what it leaves is checked record by record as it is
 * read.
 */
export async function sealStore (dir: string): Promise<void> {
  const path = join(dir, STORE_FILE)
  if ((await stat(path)).size > MOST_BYTES) return
  await writeFileAtomic(join(dir, SEAL_FILE), `sha256 ${await sha256File(path)}\n`)
}

/**
 * Looks whether a store is as it was closed, and takes its seal off, since it will be written to. The caller holds the
 * store's lock. Returns false where there is no seal, or half of one. Throws `store_corrupt`.
 */
export async function unsealStore (dir: string): Promise<boolean> {
  const seal = join(dir, SEAL_FILE)
  const path = join(dir, STORE_FILE)
  const text = await readFile(seal, 'utf8').catch(unlessAbsent)
  const [, digest] = FORM.exec(text ?? '') ?? []
  const isSealed = digest !== undefined
  if (isSealed && await sha256File(path).catch(() => undefined) !== digest) {
    throw new IsthmusError('store_corrupt', `${path} is not what it was when it was closed; bring back a copy, or ` +
      `remove ${SEAL_FILE} to open what can be read`, { place: { file: path } })
  }
  if (text !== undefined) {
    await rm(seal)
    // On the disk before the first write: an old seal would refuse what is written from now on.
    await syncFolder(dir)
  }
  return isSealed
}

function unlessAbsent (error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
